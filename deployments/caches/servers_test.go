//go:build caches

package caches

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cache is a server that runs with a configuration file of this folder.
type cache struct {
	// configure writes the server's files into a folder and returns its command line. It
	// listens on port, and edge is the address of the edge.
	configure func(t *testing.T, folder, port, edge string) []string
	// collapses says that many viewers of one picture are few requests at the edge.
	collapses bool
}

var caches = map[string]cache{
	"nginx":         {nginx, true},
	"varnish":       {varnish, true},
	"haproxy":       {haproxy, false},
	"apache":        {apache, false},
	"squid":         {squid, false},
	"trafficserver": {trafficServer, false},
}

// start starts the cache and returns its URL once it listens.
func (c cache) start(t *testing.T, edge string) string {
	t.Helper()
	folder := t.TempDir()
	for _, f := range []string{filepath.Dir(folder), folder} { // The servers change their user.
		if err := os.Chmod(f, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	command := c.configure(t, folder, port, edge)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	url := "http://127.0.0.1:" + port
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if r, err := http.Get(url + "/none.txt"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusNotFound {
				return url
			}
		}
		select {
		case <-ended:
			t.Fatalf("%v ended: %s", command, log.String())
		default:
		}
		if time.Now().After(deadline) {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
			t.Fatalf("%v does not answer: %s", command, log.String())
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// adapted reads a file of this folder and replaces what belongs to one machine. Each text
// to replace must be there.
func adapted(t *testing.T, name string, replace ...string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("%s: no %q", name, replace[i])
		}
		text = strings.ReplaceAll(text, replace[i], replace[i+1])
	}
	return text
}

func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	name = filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func nginx(t *testing.T, folder, port, edge string) []string {
	own := adapted(t, "nginx.conf", "127.0.0.1:8080", edge, "listen 80;", "listen 127.0.0.1:"+port+";", "/var/cache/nginx/calotype", folder+"/cache")
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("%s_temp_path %s/%s;\n", kind, folder, kind)
	}
	file := write(t, folder, "all.conf", "daemon off;\npid "+folder+"/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n"+temp+own+"}\n")
	return []string{"/usr/sbin/nginx", "-c", file, "-p", folder, "-e", "stderr"}
}

func varnish(t *testing.T, folder, port, edge string) []string {
	host, edgePort, _ := net.SplitHostPort(edge)
	file := write(t, folder, "calotype.vcl", adapted(t, "varnish.vcl", `.host = "127.0.0.1"; .port = "8080"`, fmt.Sprintf(".host = %q; .port = %q", host, edgePort)))
	return []string{"/usr/sbin/varnishd", "-F", "-j", "none", "-n", filepath.Join(folder, "run"), "-a", "127.0.0.1:" + port, "-f", file, "-s", "malloc,128m"}
}

func haproxy(t *testing.T, folder, port, edge string) []string {
	own := adapted(t, "haproxy.cfg", "127.0.0.1:8080", edge, "bind :80", "bind 127.0.0.1:"+port, "total-max-size 1024 ", "total-max-size 128 ")
	file := write(t, folder, "haproxy.cfg", "defaults\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n"+own)
	return []string{"/usr/sbin/haproxy", "-db", "-f", file}
}

func apache(t *testing.T, folder, port, edge string) []string {
	text := "ServerRoot " + folder + "\nServerName pictures.example\nPidFile " + folder + "/pid\nErrorLog /dev/stderr\nListen 127.0.0.1:" + port + "\nUser www-data\nGroup www-data\n"
	for _, module := range []string{"mpm_event", "authz_core", "proxy", "proxy_http", "cache", "cache_disk"} {
		text += fmt.Sprintf("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", module, module)
	}
	for _, path := range []string{"cache", "locks"} {
		write(t, folder, path+"/.keep", "")
		if err := os.Chmod(filepath.Join(folder, path), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	text += "CacheLockPath " + folder + "/locks\n" + adapted(t, "apache.conf", "127.0.0.1:8080", edge, "/var/cache/apache2/mod_cache_disk", folder+"/cache")
	return []string{"/usr/sbin/apache2", "-DFOREGROUND", "-d", folder, "-f", write(t, folder, "apache.conf", text)}
}

func squid(t *testing.T, folder, port, edge string) []string {
	_, edgePort, _ := net.SplitHostPort(edge)
	text := adapted(t, "squid.conf", "http_port 80", "http_port 127.0.0.1:"+port, "parent 8080", "parent "+edgePort) +
		"pid_filename none\naccess_log none\ncache_log " + folder + "/cache.log\ncache_store_log none\nnetdb_filename none\npinger_enable off\nshutdown_lifetime 1 second\n"
	return []string{"/usr/sbin/squid", "-N", "-f", write(t, folder, "squid.conf", text)}
}

func trafficServer(t *testing.T, folder, port, edge string) []string {
	root := "prefix: " + folder + "\nexec_prefix: /usr\nbindir: /usr/bin\nsbindir: /usr/sbin\nlibexecdir: /usr/lib/trafficserver/modules\n"
	for name, path := range map[string]string{"sysconfdir": "etc", "datadir": "share", "localstatedir": "var", "runtimedir": "run", "logdir": "log", "cachedir": "cache"} {
		own := filepath.Join(folder, path)
		write(t, own, ".keep", "")
		if err := os.Chmod(own, 0o777); err != nil {
			t.Fatal(err)
		}
		root += name + ": " + own + "\n"
	}
	packaged, err := os.ReadDir("/etc/trafficserver")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range packaged {
		if data, err := os.ReadFile(filepath.Join("/etc/trafficserver", f.Name())); err == nil {
			write(t, folder, "etc/"+f.Name(), string(data))
		}
	}
	records, err := os.ReadFile("/etc/trafficserver/records.config")
	if err != nil {
		t.Fatal(err)
	}
	own := strings.ReplaceAll(string(records), "STRING 8080 8080:ipv6", "STRING "+port)
	write(t, folder, "etc/records.config", own+adapted(t, "trafficserver-records.config"))
	write(t, folder, "etc/remap.config", adapted(t, "trafficserver-remap.config", "http://127.0.0.1:8080/", "http://"+edge+"/"))
	write(t, folder, "etc/storage.config", filepath.Join(folder, "cache")+" 128M\n")
	return []string{"/usr/bin/traffic_server", "--run-root=" + write(t, folder, "runroot.yaml", root)}
}
