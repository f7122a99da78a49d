import { loadMigrationUrl } from "../config.ts";
import { migrate, type MigrationReport } from "../database/migrate.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { printDocument, type Output } from "./output.ts";

export async function migrateCommand(
  output: Output,
  options: { check: boolean },
): Promise<ExitCode> {
  const report = await migrate(loadMigrationUrl(), options);
  printDocument(output, report, () => textOf(report));
  return report.pending.length > 0 ? EXIT.refused : EXIT.done;
}

function textOf({ applied, pending, newer, roles }: MigrationReport): string {
  const lines = [
    applied.length > 0 && `applied ${applied.join(", ")}`,
    pending.length > 0 && `pending: ${pending.join(", ")}`,
    applied.length + pending.length === 0 && "up to date",
    newer.length > 0 && `of a newer version, which this one may run beside: ${newer.join(", ")}`,
    roles?.problem && `roles not granted: ${roles.problem} (docs/operations.md)`,
  ];
  return lines.filter((line) => typeof line === "string").join("\n");
}
