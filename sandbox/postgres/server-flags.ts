const CONNECTIONS_MAX = 200;

/** How Postgres is tuned here, however it is run: many clients, durable unless told. */
export function serverFlags(options: { readonly fsync?: boolean }): string[] {
  const settings = {
    max_connections: CONNECTIONS_MAX,
    // Taken as it is filled. With 128 MB the pages of a backlog's indexes went to the kernel and back, an eighth of the speed.
    shared_buffers: "1GB",
    // No checkpoint in the middle of a backlog, after which each page would be written ahead as a whole once more.
    max_wal_size: "4GB",
    // In the data directory, not in /dev/shm: there a killed server would leave its own behind.
    dynamic_shared_memory_type: "mmap",
    ...(options.fsync === false && {
      // A server killed -9 still keeps every commit it answered: only the machine's own crash loses any.
      fsync: "off",
      full_page_writes: "off",
    }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
