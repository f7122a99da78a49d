/** Every image can be replaced, by a mirror's name or by one that was built here. */
export function imageOf(part: keyof typeof IMAGES): string {
  const { setting, image } = IMAGES[part];
  return process.env[setting] || image;
}

const IMAGES = {
  postgres: { setting: "SANDBOX_POSTGRES_IMAGE", image: "postgres:18" },
  kafka: { setting: "SANDBOX_KAFKA_IMAGE", image: "apache/kafka:4.1.0" },
  registry: { setting: "SANDBOX_REGISTRY_IMAGE", image: "apicurio/apicurio-registry:3.0.9" },
} as const;
