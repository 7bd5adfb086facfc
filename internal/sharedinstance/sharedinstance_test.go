package sharedinstance

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type config struct{ name string }

func TestOneInstanceForEachConfiguration(t *testing.T) {
	var set Set[string]
	made := 0
	build := func() (string, error) { made++; return "value", nil }
	one, two := &config{"a"}, &config{"a"}
	a, err := set.Acquire(one, build)
	require.NoError(t, err)
	b, err := set.Acquire(one, build)
	require.NoError(t, err)
	c, err := set.Acquire(two, build)
	require.NoError(t, err)
	require.Same(t, a, b)
	require.NotSame(t, a, c, "an equal configuration of another component is another instance")
	require.Equal(t, 2, made)
	require.Equal(t, 2, set.Len())
	require.Equal(t, "value", a.Value)
}

func TestTheLastUserEndsTheInstance(t *testing.T) {
	var set Set[int]
	build := func() (int, error) { return 1, nil }
	cfg := &config{}
	ended := 0
	end := func() error { ended++; return errors.New("closed badly") }
	for range 2 {
		_, err := set.Acquire(cfg, build)
		require.NoError(t, err)
	}
	a, err := set.Acquire(cfg, build)
	require.NoError(t, err)
	require.NoError(t, a.Release(end))
	require.NoError(t, a.Release(end))
	require.Zero(t, ended)
	require.EqualError(t, a.Release(end), "closed badly")
	require.Equal(t, 1, ended)
	require.Zero(t, set.Len())
	require.NoError(t, a.Release(end), "one release too many ends nothing")
	require.Equal(t, 1, ended)

	again, err := set.Acquire(cfg, build)
	require.NoError(t, err)
	require.NotSame(t, a, again)
}

func TestAFailedBuildLeavesNothing(t *testing.T) {
	var set Set[int]
	_, err := set.Acquire(&config{}, func() (int, error) { return 0, errors.New("bad key") })
	require.EqualError(t, err, "bad key")
	require.Zero(t, set.Len())
}

func TestManyUsersAtOnce(t *testing.T) {
	var set Set[int]
	cfg := &config{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				i, err := set.Acquire(cfg, func() (int, error) { return 7, nil })
				assert.NoError(t, err)
				assert.NoError(t, i.Release(func() error { return nil }))
			}
		})
	}
	group.Wait()
	require.Zero(t, set.Len())
}
