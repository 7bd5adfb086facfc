package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// modules are read for what code, data and manuals look like: at these versions, so that the same models come of it. Their licences
// (Apache-2.0, MIT, BSD) let us. Get them with go mod download.
var modules = []string{
	"github.com/apache/thrift@v0.24.0", // sources in twenty languages
	"github.com/magefile/mage@v1.15.0",
	"github.com/pressly/goose/v3@v3.28.0",
	"github.com/prometheus/prometheus@v0.313.2",
	"github.com/spf13/cobra@v1.10.2",
	"github.com/twmb/franz-go@v1.21.5",
	"golang.org/x/tools@v0.52.0",
	"gonum.org/v1/gonum@v0.17.0",
	"google.golang.org/grpc@v1.84.0",
}

// file is a piece of a file of a module.
type file struct {
	module, ext, text string
}

// maxPiece is the bytes of a piece, maxPieces how many there are of a file, maxFiles how many files are read of an extension and a module.
const (
	maxPiece  = 3000
	maxPieces = 4
	maxFiles  = 60
)

// kinds of files that are read.
var kinds = []string{".md", ".go", ".js", ".ts", ".tsx", ".py", ".c", ".h", ".java", ".rb", ".rs", ".sh", ".sql", ".json", ".yaml", ".yml", ".html", ".css", ".proto", ".txt", ".php", ".pl", ".cpp", ".lua", ".hs", ".erl", ".swift", ".mod", ".xml", ".cs", ".dart", ".tex"}

// readModules reads pieces of the files of the modules.
func readModules() ([]file, error) {
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output() //nolint:noctx // a command of the build
	if err != nil {
		return nil, err
	}
	var list []file
	for _, module := range modules {
		dir := filepath.Join(strings.TrimSpace(string(cache)), module)
		counts := map[string]int{}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			ext := filepath.Ext(path)
			if d.IsDir() || !slices.Contains(kinds, ext) || counts[ext] >= maxFiles {
				return nil
			}
			raw, err := os.ReadFile(path) //nolint:gosec // below the module cache
			if err != nil {
				return err
			}
			counts[ext]++
			for i := 0; i < maxPieces && len(raw) > 40; i++ {
				n := min(len(raw), maxPiece)
				list = append(list, file{module, ext, string(raw[:n])})
				raw = raw[n:]
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%w (go mod download %s)", err, module)
		}
	}
	return list, nil
}

// comments are those of a Go source.
func comments(source string) []string {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(source)), []byte(source), func(token.Position, string) {}, scanner.ScanComments)
	var list []string
	var block strings.Builder
	line := 0
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return append(list, block.String())
		}
		if tok != token.COMMENT {
			continue
		}
		at := files.Position(pos).Line
		if at > line+1 && block.Len() > 0 {
			list = append(list, block.String())
			block.Reset()
		}
		line = at + strings.Count(text, "\n")
		block.WriteString(strings.TrimLeft(text, "/* ") + "\n")
	}
}
