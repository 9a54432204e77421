# shellcheck shell=bash
# A docker-archive made from a directory without any daemon: what ctr and podman load.

# make_image_archive DIRECTORY FILE NAME [COMMAND as JSON]
make_image_archive() {
  local work=$T/archive layer config
  mkdir -p "$work"
  tar -C "$1" -cf "$work/layer.tar" .
  layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
  printf '{"architecture":"amd64","os":"linux","config":{"Cmd":%s,"Env":["PATH=/usr/local/bin:/usr/bin:/bin"]},%s}' "${4:-[\"sh\"]}" \
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$layer\"]}" >"$work/config.json"
  config=$(sha256sum "$work/config.json" | cut -d' ' -f1)
  mv "$work/config.json" "$work/$config.json"
  printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$config" "$3" >"$work/manifest.json"
  tar -C "$work" -cf "$2" manifest.json "$config.json" layer.tar
  rm -r "$work"
}
