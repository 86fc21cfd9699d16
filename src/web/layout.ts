import { documentOf, html, type Markup, type Part } from './markup.js'
import { style } from './style.js'

/** What a page is made of besides its content. */
export interface PageFrame {
  readonly title: string
  /** Stands above the heading: where the page belongs. */
  readonly crumbs?: Part
  readonly footer?: Part
}

/** A whole page: one self-contained document. */
export function page({ title, crumbs, footer }: PageFrame, content: Markup): string {
  return documentOf(html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="page">
${crumbs && html`<nav class="crumbs" aria-label="Breadcrumbs">${crumbs}</nav>`}
<main id="content">
${content}
</main>
${footer && html`<footer>${footer}</footer>`}
</div>
</body>
</html>`)
}
