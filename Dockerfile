# rta as an image:
#
#   docker build -t rta . && docker run --rm -it rta demo
#   docker run -v ./pipelines:/pipelines:ro -v ./schemas:/schemas:ro -v rta-state:/var/lib/rta \
#     -e KAFKA_BROKERS=… -e SCHEMA_REGISTRY_URL=… --hostname rta-1 rta

FROM node:20-bookworm-slim AS build
WORKDIR /app
# The pnpm that package.json names; corepack would check a signature that registry mirrors do not carry.
COPY package.json ./
RUN npm install --global "$(node -p "require('./package.json').packageManager")"
COPY . .
RUN pnpm install --frozen-lockfile
RUN pnpm exec tsc -b packages/cli
# `deploy` copies what the package's `files` name but runs no `prepack`, which puts the demo's pipelines among them.
RUN pnpm --filter @rta/cli run prepack
# The command with what it needs to run and nothing else: built packages, production dependencies.
RUN pnpm --config.inject-workspace-packages=true --filter @rta/cli deploy --prod /out

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /out ./
# State lies in a volume of its own: a new container goes on where the last one stopped. Schemas are looked for in /schemas, being beside
# /pipelines.
RUN mkdir -p /pipelines /var/lib/rta && chown node:node /var/lib/rta
VOLUME /var/lib/rta
USER node
WORKDIR /var/lib/rta
# SIGTERM reaches node itself: it commits, leaves the group and ends with 130.
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run", "/pipelines"]
