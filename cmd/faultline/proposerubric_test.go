package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/judge/judgetest"
	"github.com/faultline-otel/faultline/internal/review"
)

// TestJudgedRubricsAreRefused: what a judge behind a server says of a rubric is measured on the half that it was not
// chosen by. It is not proposed where it flags too much, or is no better than what needs no judge. The judge is chosen
// such that it is useful on the learned half.
func TestJudgedRubricsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name     string
		failures int // of 6 answers
		fails    func(order int, bogus bool) bool
		want     string
	}{
		{
			"flags sound answers too", 2, func(order int, bogus bool) bool { return bogus || order%4 == 0 },
			`refused: the rubric helpfulness: its precision on the held-out half is 0\.[5-8][0-9], below 0\.9`,
		},
		{
			"finds few of many failures", 5, func(order int, bogus bool) bool { return bogus && order%5 < 3 },
			`refused: the rubric helpfulness: it is right on 0\.[0-9]+ of the held-out half, ` +
				`and so is who flags every call \(0\.[0-9]+\)`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "subtle.jsonl")
			require.NoError(t, dataset.WriteFile(file, subtleRows(240, c.failures)))
			server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
				order, err := strconv.Atoi(regexp.MustCompile(`order (\d+)\?`).FindStringSubmatch(r.User)[1])
				if err != nil {
					t.Error(err)
				}
				return judgetest.Answer{Text: r.Reply(!c.fails(order, strings.Contains(r.User, "bogus")), "so it seems")}
			})
			stdout, stderr := cli(t, exitInconclusive, "propose", "--dataset", file, "--judge-endpoint", server.Endpoint(),
				"--judge-model", "gpt-4.1-mini", "--judge-rubric", "helpfulness", "--judge-calls", "400")
			require.Empty(t, stdout)
			require.Regexp(t, c.want, stderr)
			require.LessOrEqual(t, len(server.Requests()), 400)
			require.NotEmpty(t, server.Requests())
		})
	}
}

// TestProposedRubricKeepsToItsLimit: the search for a rubric spends no more than its limit at a judge behind a server,
// and asks no more than it said.
func TestProposedRubricKeepsToItsLimit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "subtle.jsonl")
	require.NoError(t, dataset.WriteFile(file, subtleRows(60, 2)))
	server := judgetest.New(t, func(r *judgetest.Request) judgetest.Answer {
		return judgetest.Answer{Text: r.Reply(!strings.Contains(r.User, "bogus"), "it says bogus or not")}
	})
	const limit = 0.005
	args := []string{
		"propose", "--dataset", file, "--judge-endpoint", server.Endpoint(), "--judge-model", "gpt-4.1-mini",
		"--judge-max-usd", fmt.Sprint(limit),
	}
	_, stderr := cli(t, exitInconclusive, args...)
	spent := regexp.MustCompile(`the judge gpt-4\.1-mini cost ([0-9.]+) USD`).FindStringSubmatch(stderr)
	require.NotNil(t, spent, stderr)
	usd, err := strconv.ParseFloat(spent[1], 64)
	require.NoError(t, err)
	require.Positive(t, usd)
	require.LessOrEqual(t, usd, limit)
	require.Regexp(t, `refused: .*spend_limit`, stderr)
	asked := len(server.Requests())
	require.NotZero(t, asked)

	_, stderr = cli(t, exitOK, append(args, "--judge-max-usd", "5")...)
	require.Contains(t, stderr, "precision 1.00, recall 1.00, MCC 1.00")
	require.Greater(t, len(server.Requests())-asked, asked, "the limit is what ended the first search")
}

// subtleRows are n judged answers that no rule can tell apart: they differ in a word behind all that rules are learned
// from. Of 6 of them, failures are wrong.
func subtleRows(n, failures int) (rows []dataset.Row) {
	for i := range n {
		row := dataset.Row{
			ID: fmt.Sprint("subtle-", i), Version: dataset.Version, TraceID: fmt.Sprintf("%032x", i+1), Decision: review.Rejected,
		}
		end := "sound"
		if i*failures%6 < failures {
			end = "bogus"
			row.Decision, row.Class, row.Detail = review.Confirmed, failure.BadAnswer, failure.OffTopic
			row.Fingerprint, row.Note = "00000000000000f1", "it is about another order"
		}
		row.Call = question(i, strings.Repeat("The parcel moves on. ", 250)+end)
		rows = append(rows, row)
	}
	return rows
}
