# docker build -t gigstream-payments --build-arg BUILD_COMMIT="$(git rev-parse HEAD)" .     the service
# docker build -t gigstream-sandbox --target sandbox .     the emulated world of docker-compose.yml
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages carry Node itself, which this image has; no package of the service needs its install script.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS sandbox-dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Anvil's program is an optional package for this platform.
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS sandbox
ENV NODE_ENV=development
WORKDIR /app
COPY --from=sandbox-dependencies /app/node_modules node_modules
COPY package.json ./
COPY contracts contracts
COPY schemas schemas
COPY src src
COPY sandbox sandbox
USER node
ENTRYPOINT ["node"]

FROM ${NODE_IMAGE} AS service
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY contracts/*.ts contracts/*.json contracts/
COPY schemas schemas
COPY src src
USER node
ARG BUILD_COMMIT=unknown
ENV BUILD_COMMIT=${BUILD_COMMIT}
# Its first line says what Node needs to know.
ENTRYPOINT ["src/cli/gigpay.ts"]
CMD ["serve"]
EXPOSE 8080 9464
# Without shell or curl, which the image need not have. Trouble with the chain is degraded, and still ready.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT ?? 8080}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
