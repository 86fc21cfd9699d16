/**
 * Looks into JSON without reading its values, since a number of JavaScript holds neither 12345678901234567890 nor
 * the second digit of 0.10. Paths are keys joined by dots.
 */
import { type JSONVisitor, type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser'

/** A value as it stands in the text: a string without its quotes, anything else by its characters. */
export interface TextValue {
  readonly kind: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'
  /** Of a string its value, of a number its digits; empty for the others. */
  readonly text: string
}

/** What was found in a JSON text. */
export interface JsonPage {
  /** Texts of the elements of the array, as they stand; `undefined` where there is no array. */
  readonly elements: readonly string[] | undefined
  readonly value: TextValue | undefined
}

/**
 * The elements of the array at `arrayPath` (`null` there is no elements, the empty path is the whole text) and the value
 * at `valuePath` outside of them. Throws an `Error` that says where the text is no JSON.
 */
export function readJsonPage(text: string, paths: { arrayPath: string; valuePath?: string | undefined }): JsonPage {
  const reader = new PageReader(text, paths.arrayPath, paths.valuePath)
  visit(text, reader.visitor, { disallowComments: true })
  return { elements: reader.elements, value: reader.value }
}

/** The value at a path of a JSON text; `undefined` when there is none. Throws as {@link readJsonPage} does. */
export function valueAt(text: string, path: string): TextValue | undefined {
  // No key holds a line feed that a path of one line could name.
  return readJsonPage(text, { arrayPath: '\n', valuePath: path }).value
}

type Path = readonly (string | number)[]

class PageReader {
  elements: string[] | undefined
  value: TextValue | undefined
  readonly visitor: JSONVisitor
  /** Where the element begins that is being passed over. */
  #start: number | undefined

  constructor(
    readonly text: string,
    readonly arrayPath: string,
    readonly valuePath: string | undefined,
  ) {
    this.visitor = {
      onObjectBegin: (offset, _length, _line, _character, path) => this.#begin('object', offset, path()),
      onArrayBegin: (offset, _length, _line, _character, path) => this.#begin('array', offset, path()),
      onObjectEnd: (offset, length) => this.#end(offset + length),
      onArrayEnd: (offset, length) => this.#end(offset + length),
      onLiteralValue: (value, offset, length, _line, _character, path) => this.#take(value, offset, length, path()),
      onError: fail,
    }
  }

  /** False passes over what is within. */
  #begin(kind: 'object' | 'array', offset: number, path: Path): boolean {
    if (this.#isElement(path)) {
      this.#start = offset
      return false
    }
    const at = path.join('.')
    if (kind === 'array' && at === this.arrayPath) this.elements ??= []
    if (at === this.valuePath) this.value = { kind, text: '' }
    return true
  }

  #end(end: number): void {
    if (this.#start === undefined) return
    this.elements?.push(this.text.slice(this.#start, end))
    this.#start = undefined
  }

  #take(value: unknown, offset: number, length: number, path: Path): void {
    const text = this.text.slice(offset, offset + length)
    if (this.#isElement(path)) {
      this.elements?.push(text)
      return
    }
    const at = path.join('.')
    // What writes a list as null when it is empty means an empty one.
    if (value === null && at === this.arrayPath) this.elements ??= []
    if (at === this.valuePath) this.value = literal(value, text)
  }

  #isElement(path: Path): boolean {
    return typeof path.at(-1) === 'number' && path.slice(0, -1).join('.') === this.arrayPath
  }
}

function literal(value: unknown, text: string): TextValue {
  if (typeof value === 'string') return { kind: 'string', text: value }
  if (typeof value === 'number') return { kind: 'number', text }
  return { kind: value === null ? 'null' : 'boolean', text: '' }
}

function fail(code: ParseErrorCode, offset: number): never {
  throw new Error(`it is no JSON: ${printParseErrorCode(code)} at character ${offset}`)
}
