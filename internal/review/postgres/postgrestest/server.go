// Package postgrestest starts a Postgres server for tests.
package postgrestest

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Server is a Postgres server of one test.
type Server struct {
	dir      string
	bin      string
	as       *serverUser // nil: who runs the test
	process  *exec.Cmd
	exited   chan struct{} // nil: it does not run
	schemas  atomic.Int64
	settings []string
}

// serverUser is who the server runs as.
type serverUser struct{ uid, gid uint32 }

// wait bounds a start of the server.
const wait = time.Minute

// Durable is the setting of a server that waits for the disk, for tests that measure. Others do not wait: what a server
// wrote outlives it, and no test cuts the power.
const Durable = "fsync=on"

// Start starts a server that ends with the test, with settings beside those that it always has. The test is skipped
// where Postgres is not installed.
func Start(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	s := &Server{bin: binaries(), settings: append([]string{"fsync=off"}, settings...)}
	if s.bin == "" {
		tb.Skip("Postgres is not installed: neither initdb in PATH nor in /usr/lib/postgresql/*/bin")
	}
	var err error
	if s.as, err = servant(); err != nil {
		tb.Skip("Postgres does not run as root, and there is nobody else: ", err)
	}
	s.dir, err = os.MkdirTemp("", "pg") //nolint:usetesting // the path of a socket must be short, and open to its user
	require.NoError(tb, err)
	tb.Cleanup(func() {
		s.Stop(tb)
		require.NoError(tb, os.RemoveAll(s.dir))
	})
	if s.as != nil {
		require.NoError(tb, os.Chown(s.dir, int(s.as.uid), int(s.as.gid)))
	}
	out, err := s.command("initdb", "--pgdata="+s.data(), "--username=postgres", "--auth=trust", "--encoding=UTF8",
		"--locale=C", "--no-sync").CombinedOutput()
	require.NoError(tb, err, string(out))
	s.Run(tb)
	return s
}

// binaries returns the folder of the server's programs, "" where there is none.
func binaries() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:gosec,noctx // programs of Postgres, until Stop
	cmd.Dir = s.dir
	cmd.SysProcAttr = attributes(s.as)
	return cmd
}

// Run starts a server that was stopped or killed, on the same data.
func (s *Server) Run(tb testing.TB) {
	tb.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(tb, err)
	defer log.Close()
	args := []string{
		"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB",
	}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	s.process = s.command("postgres", args...)
	s.process.Stdout, s.process.Stderr = log, log
	require.NoError(tb, s.process.Start())
	s.exited = make(chan struct{})
	go func(process *exec.Cmd, exited chan struct{}) {
		_ = process.Wait() // it was told to end
		close(exited)
	}(s.process, s.exited)
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := pgx.Connect(tb.Context(), s.dsn(""))
		if err == nil {
			require.NoError(tb, c.Close(tb.Context()))
			return
		}
		if time.Since(began) > wait {
			text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			require.NoError(tb, err, string(text))
		}
	}
}

// Stop ends the server as an administrator does: connections are cut, data are written.
func (s *Server) Stop(tb testing.TB) {
	tb.Helper()
	s.signal(tb, syscall.SIGINT)
}

// Kill ends the server as a crash of all of its processes does.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	s.signal(tb, syscall.SIGQUIT)
}

func (s *Server) signal(tb testing.TB, sig syscall.Signal) {
	tb.Helper()
	if s.exited == nil {
		return
	}
	require.NoError(tb, s.process.Process.Signal(sig))
	<-s.exited
	s.exited = nil
}

// DSN returns the address of an empty schema.
func (s *Server) DSN(tb testing.TB) string {
	tb.Helper()
	schema := "s" + strconv.FormatInt(s.schemas.Add(1), 10)
	s.Exec(tb, "CREATE SCHEMA "+schema)
	return s.dsn(schema)
}

// template is the database that Copy copies.
const template = "filled"

// Template fills a database, which Copy copies: that is faster than to fill each. fill leaves no connection open.
func (s *Server) Template(tb testing.TB, fill func(dsn string)) {
	tb.Helper()
	s.Exec(tb, "CREATE DATABASE "+template)
	fill(s.dsnOf(template, ""))
}

// Copy returns the address of a copy of the template.
func (s *Server) Copy(tb testing.TB) string {
	tb.Helper()
	database := "d" + strconv.FormatInt(s.schemas.Add(1), 10)
	s.Exec(tb, "CREATE DATABASE "+database+" TEMPLATE "+template+" STRATEGY file_copy")
	return s.dsnOf(database, "")
}

// Exec runs a statement as the superuser.
func (s *Server) Exec(tb testing.TB, statement string) {
	tb.Helper()
	c, err := pgx.Connect(tb.Context(), s.dsn(""))
	require.NoError(tb, err)
	_, err = c.Exec(tb.Context(), statement)
	require.NoError(tb, err)
	require.NoError(tb, c.Close(tb.Context()))
}

func (s *Server) dsn(schema string) string { return s.dsnOf("postgres", schema) }

func (s *Server) dsnOf(database, schema string) string {
	values := url.Values{"host": {s.dir}, "user": {"postgres"}}
	if schema != "" {
		values.Set("search_path", schema)
	}
	return "postgres:///" + database + "?" + values.Encode()
}
