import {
  envDetector,
  detectResources,
  resourceFromAttributes,
  type Resource,
} from "@opentelemetry/resources";
import type { CommonSettings } from "../config.ts";
import { ATTRIBUTES } from "./attributes.ts";

/** Who speaks; OTEL_RESOURCE_ATTRIBUTES adds to it or overrides it. */
export function resourceOf({ OTEL_SERVICE_NAME, INSTANCE_ID }: CommonSettings): Resource {
  const own = resourceFromAttributes({
    [ATTRIBUTES.serviceName]: OTEL_SERVICE_NAME,
    [ATTRIBUTES.serviceInstance]: INSTANCE_ID,
  });
  return own.merge(detectResources({ detectors: [envDetector] }));
}
