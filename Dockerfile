# A DOTS server: Debian's nginx with the module, and nothing of the build left.
#
#   docker build -t nginx-dots .
#   docker run -v /etc/nginx-dots:/etc/nginx:ro -v dots-state:/var/lib/nginx/dots \
#       -p 4646:4646/udp -p 4646:4646 -p 443:443 nginx-dots
#
# /etc/nginx has nginx.conf (README.md explains a whole one) and certificates.

FROM debian:bookworm-slim AS build
COPY . /src
WORKDIR /src
RUN ci/install-deps && make module client

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx libnginx-mod-stream \
        libcoap3 libyang2 libjansson4 libcbor0.8 liblmdb0 libcurl4 \
        libprotobuf-c1 libexpat1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/build/default/module/ngx_dots_module.so \
    /usr/lib/nginx/modules/
COPY --from=build /src/build/default/dots /src/build/default/dots-admin \
    /usr/bin/
COPY --from=build /src/schemas /usr/share/nginx-mod-dots/schemas
# after 50-mod-stream.conf, whose symbols the module needs
RUN echo 'load_module modules/ngx_dots_module.so;' \
        >/usr/share/nginx/modules-available/mod-dots.conf \
    && ln -s /usr/share/nginx/modules-available/mod-dots.conf \
        /etc/nginx/modules-enabled/70-mod-dots.conf
EXPOSE 4646/udp 4646/tcp 443/tcp
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
