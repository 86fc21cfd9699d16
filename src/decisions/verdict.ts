/** What an examination says: the types of gate evidence and verdicts. */

/** `inconclusive`: the evidence cannot decide. `error`: the examination itself failed. Only `pass` promotes by itself. */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error'

/** One gate with its verdict and the numbers behind it. */
export interface GateResult {
  /** G0, G2, … as in docs/gates.md. */
  readonly gate: string
  readonly title: string
  readonly verdict: Verdict
  /** One sentence with the numbers: what was required, what was found. */
  readonly text: string
  /** The estimate, its one-sided bound, and what the bound is compared with; null where the gate has none. */
  readonly estimate: number | null
  readonly bound: number | null
  readonly limit: number | null
  readonly rows: number | null
}

/** All gates of a candidate, and what follows. */
export interface Judgement {
  /** `fail` when any gate fails, else `error`, else `inconclusive`, else `pass`. */
  readonly verdict: Verdict
  readonly gates: readonly GateResult[]
  /** The champion it was judged against; the compare-and-set of the promotion uses it. */
  readonly champion: { readonly version: number; readonly aliasSeq: number }
  /** Goal metric on the holdout, each on the same rows. */
  readonly metrics: {
    readonly candidate: Readonly<Record<string, number>>
    readonly champion: Readonly<Record<string, number>>
    readonly baseline: Readonly<Record<string, number>>
  }
  readonly holdoutRows: number
}
