/** A value of AWS IoT SQL: any JSON value, or Undefined. */
export type SqlValue = null | boolean | number | string | readonly SqlValue[] | SqlObject | undefined

export interface SqlObject {
  readonly [name: string]: SqlValue
}

export type BinaryOperator = 'or' | 'and' | '=' | '<>' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%'

export type Expression =
  | { readonly kind: 'literal'; readonly value: SqlValue }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  /** The whole payload: `*`, and what attributes are read from. */
  | { readonly kind: 'payload' }
  /** Names and array indexes within a value. */
  | { readonly kind: 'path'; readonly base: Expression; readonly steps: readonly (string | number)[] }
  | { readonly kind: 'call'; readonly name: string; readonly parameters: readonly Expression[] }
  | { readonly kind: 'unary'; readonly operator: 'not' | '-'; readonly operand: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }

export interface SelectItem {
  readonly expression: Expression
  /** Undefined for `*`, which has no name. */
  readonly alias: string | undefined
}

export interface RuleStatement {
  readonly select: readonly SelectItem[]
  /** Undefined in a rule that Basic Ingest alone reaches. */
  readonly topicFilter: string | undefined
  readonly where: Expression | undefined
}
