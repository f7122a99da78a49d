const CONNECTIONS_MAX = 200;

/** How Postgres is tuned here, however it is run: modest memory, many clients, durable unless told. */
export function serverFlags(options: { readonly fsync?: boolean }): string[] {
  const settings = {
    max_connections: CONNECTIONS_MAX,
    shared_buffers: "128MB",
    max_wal_size: "1GB",
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
