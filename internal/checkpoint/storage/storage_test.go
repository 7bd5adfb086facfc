package storage

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensiontest"
	xstorage "go.opentelemetry.io/collector/extension/xextension/storage"
)

var (
	storageID = component.MustNewID("file_storage")
	owner     = component.MustNewID("llm_metrics")
)

// host is a Collector with a file_storage over a folder.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func files(t *testing.T, dir string) host {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	return host{storageID: e}
}

func open(t *testing.T, dir string) (*Store, error) {
	t.Helper()
	return Open(t.Context(), files(t, dir), storageID, component.KindConnector, owner)
}

func TestWhatIsWrittenIsThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s, err := open(t, dir)
	require.NoError(t, err)
	require.NoError(t, s.Write(map[string][]byte{"a": []byte("1"), "b": []byte("2")}, nil))
	require.NoError(t, s.Write(map[string][]byte{"c": []byte("3")}, []string{"a"}))
	require.NoError(t, s.Close(t.Context()))

	s, err = open(t, dir)
	require.NoError(t, err)
	for key, want := range map[string]string{"a": "", "b": "2", "c": "3"} {
		got, err := s.Get(key)
		require.NoError(t, err)
		require.Equal(t, want, string(got), key)
	}
	kept := map[string]string{}
	require.NoError(t, s.Walk(func(key string, value []byte) { kept[key] = string(value) }))
	require.Equal(t, map[string]string{"b": "2", "c": "3"}, kept)
	require.NoError(t, s.Close(t.Context()))
}

func TestAFileThatIsNoDatabaseIsNamed(t *testing.T) {
	dir := t.TempDir()
	s, err := open(t, dir)
	require.NoError(t, err)
	require.NoError(t, s.Close(t.Context()))
	written, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, written, 1)
	require.NoError(t, os.WriteFile(written[0], []byte("no database"), 0o600))
	_, err = open(t, dir)
	require.ErrorContains(t, err, `storage: extension "file_storage" could not open the data of Connector "llm_metrics": `)
}

func TestAnExtensionThatListsNothing(t *testing.T) {
	s := &Store{xstorage.NewNopClient()}
	require.ErrorContains(t, s.Walk(func(string, []byte) {}), "cannot list its keys")
}
