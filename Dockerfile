FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY client/package.json client/
COPY web/package.json web/
# The image brings Node. The Node that npm would install is a development dependency.
RUN npm ci --omit=dev --ignore-scripts

FROM dependencies AS build
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY tools tools
COPY src src
COPY client client
COPY web web
RUN node tools/build.mjs daemon page

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATABASE_PATH=/data/flowfi.db
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY bin bin
COPY migrations migrations
# The recording that `demo` plays.
COPY fixtures/lively.jsonl.gz fixtures/
COPY --from=build /app/dist dist
COPY --from=build /app/web/dist web/dist
# So that `docker run … flowfi-indexer demo` works, and `docker exec … flowfi-indexer status`.
RUN ln -s /app/bin/flowfi-indexer.mjs /usr/local/bin/flowfi-indexer \
  && mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3001
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3001}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not through npm, which would not pass SIGTERM on.
CMD ["flowfi-indexer", "start"]
