import { loadDatabaseConfig } from "../config.ts";
import { migrate } from "../database/migrate.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { printDocument, type Output } from "./output.ts";

export async function migrateCommand(
  output: Output,
  options: { check: boolean },
): Promise<ExitCode> {
  const report = await migrate(loadDatabaseConfig().DATABASE_URL, options);
  printDocument(output, report, () => {
    if (report.applied.length > 0) return `applied ${report.applied.join(", ")}`;
    return report.pending.length > 0 ? `pending: ${report.pending.join(", ")}` : "up to date";
  });
  return report.pending.length > 0 ? EXIT.refused : EXIT.done;
}
