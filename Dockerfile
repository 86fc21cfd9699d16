# The image of Refit: worker, receiver and command line. Read and linted, never built where it was written: no container
# runtime was at hand. A team whose trainer is a program of its own derives an image from this one and adds it there.
FROM node:20.20-bookworm-slim AS build
WORKDIR /refit
COPY package.json package-lock.json ./
# Its install script would fetch GPU libraries from outside the registry.
ENV ONNXRUNTIME_NODE_INSTALL=skip
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:20.20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /refit
COPY --from=build /refit/package.json ./
COPY --from=build /refit/node_modules ./node_modules
COPY --from=build /refit/dist/src ./dist/src
# What a trainer in Python imports, and what `refit init --example` copies.
COPY python ./python
COPY examples ./examples
# Named volumes take the owner of the folder they are mounted on.
RUN mkdir -p /var/lib/refit/cache /var/lib/refit/scratch && chown -R node:node /var/lib/refit
USER node
ENTRYPOINT ["node", "--enable-source-maps", "/refit/dist/src/cli/main.js"]
CMD ["worker"]
