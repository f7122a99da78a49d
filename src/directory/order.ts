/** Who changes the directory; it stands in the audit log, in the commit of the change. */
export interface DirectoryOrder {
  readonly actor: string;
}

/** What became of one row that somebody put. */
export type PutOutcome = "created" | "updated" | "unchanged";
