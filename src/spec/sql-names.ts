/** Texts, comments and quoted names are skipped or taken whole; a word before `(` is a function, after `::` a type. */
const TOKENS =
  /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|::\s*\w+|\w+\s*\(|"(?<quoted>(?:[^"]|"")*)"|(?<word>[A-Za-z_]\w*)/g

/**
 * The columns among `columns` that a SQL expression reads. Names are compared without case, as DuckDB does.
 *
 * This reads words, it does not parse SQL: a keyword that is also a column's name counts as the column.
 */
export function columnsRead(sql: string, columns: Iterable<string>): ReadonlySet<string> {
  const words = new Set<string>()
  for (const { groups } of sql.matchAll(TOKENS)) {
    const word = groups?.quoted?.replaceAll('""', '"') ?? groups?.word
    if (word !== undefined) words.add(word.toLowerCase())
  }
  return new Set([...columns].filter((name) => words.has(name.toLowerCase())))
}
