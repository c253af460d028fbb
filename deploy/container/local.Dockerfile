# The local Step Functions as an image, with the version of Stepwright that a project has. In the project's folder:
#   docker build -f node_modules/stepwright/deploy/container/local.Dockerfile -t stepwright-local .
#   docker run --rm --read-only -p 8083:8083 -v "$PWD/template.yaml:/work/template.yaml:ro" \
#     stepwright-local --template template.yaml
# Other containers that call it by a name need `--allow-host NAME`.
FROM node:22-slim AS build
WORKDIR /app
# *.tgz: packages that are installed from a file.
COPY package.json package-lock.json *.tgz ./
RUN npm ci --omit=dev

FROM node:22-slim
ENV NODE_ENV=production
COPY --from=build /app/node_modules /app/node_modules
# The folder for state machines, templates and a mock file. Nothing is written, here or elsewhere.
WORKDIR /work
USER node
EXPOSE 8083
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:8083/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/app/node_modules/.bin/stepwright", "local", "--host", "0.0.0.0"]
