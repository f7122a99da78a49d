/**
 * Of the server while it is filled, and only then: nothing has to outlive a crash, nothing is archived, indexes are sorted in
 * memory, and autovacuum, whose part the load plays, keeps out of its way.
 */
export const LOAD_SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: "2GB",
  maintenance_work_mem: "1GB",
  work_mem: "512MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "8GB",
  checkpoint_timeout: "1h",
  synchronous_commit: "off",
  autovacuum: "off",
  max_parallel_workers_per_gather: "0",
  max_parallel_maintenance_workers: "0",
  jit: "off",
};
