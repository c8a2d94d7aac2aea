# One static binary and nothing else: no shell, no package manager, not root.

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /onecdp .
RUN mkdir -p /root-of-image/data /root-of-image/tmp

FROM scratch
LABEL org.opencontainers.image.title="onecdp" \
      org.opencontainers.image.description="A customer data platform in one binary" \
      org.opencontainers.image.source="https://github.com/onecdp/onecdp" \
      org.opencontainers.image.documentation="https://github.com/onecdp/onecdp/tree/main/docs"

# Certificates for databases and collectors with TLS. Time zones are in the binary.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65532:65532 /root-of-image/ /
COPY --from=build /onecdp /onecdp

USER 65532:65532
ENV ONECDP_ADDR=0.0.0.0:8080 \
    ONECDP_DATABASE_URL=sqlite:/data/onecdp.db
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/onecdp", "ready"]
ENTRYPOINT ["/onecdp"]
CMD ["serve"]
