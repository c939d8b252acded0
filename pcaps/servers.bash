# shellcheck shell=bash disable=SC2154 # client, server and tmp are the caller's
# The servers that pcaps/make's recordings talk with. Sourced.

start_unbound() {
    local long
    long=$(printf '"%s" ' "v=demo1; $(printf 'part-%02d-of-a-long-record ' 1 2 3 4 5 6)" \
        "$(printf 'more-%02d-of-a-long-record ' 1 2 3 4 5 6)" "$(printf 'last-%02d-of-a-long-record ' 1 2 3 4 5 6)")
    cat >"$tmp/unbound.conf" <<-CONF
		server:
		  interface: 0.0.0.0
		  interface: ::0
		  interface-automatic: yes
		  access-control: 0.0.0.0/0 allow
		  access-control: ::/0 allow
		  username: ""
		  chroot: ""
		  directory: "$tmp"
		  pidfile: ""
		  use-syslog: no
		  do-daemonize: no
		  module-config: "iterator"
		  max-udp-size: 1232
		  local-zone: "." static
		  local-data: "www.demo.example. 300 IN A 192.0.2.80"
		  local-data: "www.demo.example. 300 IN AAAA 2001:db8::80"
		  local-data: "demo.example. 300 IN MX 10 mx.demo.example."
		  local-data: "mx.demo.example. 300 IN A 203.0.113.25"
		  local-data: "demo.example. 300 IN TXT \"v=spf1 ip4:203.0.113.25 -all\""
		  local-data: 'long.demo.example. 300 IN TXT $long'
		  local-data: 'huge.demo.example. 300 IN TXT $long $long $long'
		  local-data: "evil.example. 60 IN A 198.51.100.66"
		  local-data: "c2.evil.example. 60 IN A 198.51.100.66"
		  local-data: "c2.evil.example. 60 IN AAAA 2001:db8:66::66"
		  local-data: "login.evil.example. 60 IN A 198.51.100.66"
		  local-data: "k3j4h5g6f7d8s9a0q1w2e3.dga.example. 60 IN A 198.51.100.66"
		  local-data-ptr: "198.51.100.66 c2.evil.example"
		  local-data-ptr: "192.0.2.80 www.demo.example"
		remote-control:
		  control-enable: no
	CONF
    serve unbound unbound -d -p -c "$tmp/unbound.conf"
    wait_for_port udp 53 unbound
}

make_pages() {
    mkdir -p "$tmp/web/a b"
    printf '<!doctype html><title>Demo</title><p>A page for demonstrations.</p>\n' >"$tmp/web/index.html"
    printf 'User-agent: *\nDisallow:\n' >"$tmp/web/robots.txt"
    printf 'body { color: black }\n' >"$tmp/web/style.css"
    printf 'found with caf\303\251\n' >"$tmp/web/a b/caf"$'\303\251'".txt"
    local i
    for ((i = 1; i <= 60; i++)); do
        printf '<p>Line %d of a page that is sent in pieces.</p>\n' $i
    done | tee "$tmp/web/pieces.shtml" >"$tmp/web/packed.html"
    # Forty kilobytes that do not compress and are the same each time.
    head -c 40000 /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff \
        -iv 00000000000000000000000000000000 >"$tmp/web/large.bin"
}

start_nginx() {
    make_pages
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj '/O=Selat demonstration/CN=www.demo.example' \
        -addext 'subjectAltName=DNS:www.demo.example,DNS:login.evil.example' \
        -keyout "$tmp/tls.key" -out "$tmp/tls.crt" 2>"$tmp/openssl.log" || die "openssl: $(cat "$tmp/openssl.log")"
    cat >"$tmp/nginx.conf" <<-CONF
		daemon off;
		master_process off;
		pid $tmp/nginx.pid;
		error_log $tmp/nginx.log warn;
		events { worker_connections 64; }
		http {
		  access_log off;
		  types { text/html html shtml; text/css css; text/plain txt; }
		  default_type application/octet-stream;
		  client_body_temp_path $tmp/nginx.body;
		  proxy_temp_path $tmp/nginx.proxy;
		  fastcgi_temp_path $tmp/nginx.fastcgi;
		  uwsgi_temp_path $tmp/nginx.uwsgi;
		  scgi_temp_path $tmp/nginx.scgi;
		  server {
		    listen 80;
		    listen [::]:80;
		    listen 443 ssl http2;
		    listen [::]:443 ssl http2;
		    ssl_certificate $tmp/tls.crt;
		    ssl_certificate_key $tmp/tls.key;
		    ssl_protocols TLSv1.2 TLSv1.3;
		    root $tmp/web;
		    ssi on;
		    location = /packed.html { gzip on; gzip_min_length 1; }
		    location = /gate.php { return 200 "ok\n"; }
		    location = /beacon { return 200 "sleep 60\n"; }
		  }
		}
	CONF
    serve nginx nginx -e stderr -c "$tmp/nginx.conf"
    wait_for_port tcp 80 nginx
    wait_for_port tcp 443 nginx
}

start_sshd() {
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/host_key"
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$tmp/user_key"
    mkdir -m 700 "$tmp/ssh"
    cp "$tmp/user_key.pub" "$tmp/ssh/keys"
    cat >"$tmp/sshd.conf" <<-CONF
		ListenAddress 192.0.2.22
		HostKey $tmp/host_key
		AuthorizedKeysFile $tmp/ssh/keys
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PermitRootLogin prohibit-password
		StrictModes no
		UsePAM no
		PidFile none
	CONF
    serve sshd "$(command -v sshd)" -D -e -f "$tmp/sshd.conf"
    wait_for_port tcp 22 sshd
}

start_smtpd() {
    cat >"$tmp/smtpd.conf" <<-'CONF'
		table everyone { "@" = "nobody" }
		listen on 203.0.113.25 hostname mx.demo.example
		action "discard" mda "/bin/cat >/dev/null" user nobody virtual <everyone>
		match from any for any action "discard"
	CONF
    serve smtpd smtpd -d -f "$tmp/smtpd.conf"
    wait_for_port tcp 25 smtpd
}

# HTTP/2 without TLS, by prior knowledge.
start_nginx_h2c() {
    sed -e 's/listen 80;/listen 8080 http2;/' -e '/listen \[::\]:80;/d' -e '/443/d' -e '/ssl_/d' \
        -e 's,return 200 "ok.n";,proxy_pass http://192.0.2.80;,' \
        -e "s,$tmp/nginx\.,$tmp/h2c.,g" "$tmp/nginx.conf" >"$tmp/h2c.conf"
    serve h2c nginx -e stderr -c "$tmp/h2c.conf"
    wait_for_port tcp 8080 h2c
}

start_ftpd() {
    mkdir -p "$tmp/ftp/in" "$tmp/empty"
    cp "$tmp/web/large.bin" "$tmp/web/style.css" "$tmp/ftp/"
    chmod 777 "$tmp/ftp/in"
    cat >"$tmp/vsftpd.conf" <<-CONF
		listen_ipv6=YES
		anonymous_enable=YES
		anon_root=$tmp/ftp
		anon_upload_enable=YES
		write_enable=YES
		no_anon_password=NO
		ftpd_banner=Demonstration FTP server
		port_enable=YES
		seccomp_sandbox=NO
		secure_chroot_dir=$tmp/empty
		background=NO
	CONF
    serve vsftpd vsftpd "$tmp/vsftpd.conf"
    wait_for_port tcp 21 vsftpd
}

start_socks() {
    serve microsocks microsocks -i 192.0.2.22 -p 1080
    wait_for_port tcp 1080 microsocks
}

start_smtpd_tls() {
    serve smtpd-tls aiosmtpd -n -l 203.0.113.25:587 --tlscert "$tmp/tls.crt" --tlskey "$tmp/tls.key" \
        --no-requiretls -c aiosmtpd.handlers.Sink
    wait_for_port tcp 587 smtpd-tls
}

start_dtls() {
    serve dtls openssl s_server -dtls1_2 -quiet -accept 192.0.2.80:4433 -cert "$tmp/tls.crt" -key "$tmp/tls.key"
    wait_for_port udp 4433 dtls
}

# HTTP/3 by aioquic, from a Python that has it (SELAT_AIOQUIC_PYTHON).
start_quic() {
    serve quic "$SELAT_AIOQUIC_PYTHON" "$here/quic.py" serve 192.0.2.80 "$tmp/tls.crt" "$tmp/tls.key"
    wait_for_port udp 4443 quic
}
