/** Who asks for an operator's act and why; both stand in the audit log, in the same commit as the act. */
export interface OperatorOrder {
  /** "operator:<name>", or the API key's name. */
  readonly actor: string;
  readonly reason: string;
}
