package trial

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/agreement"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/docket"
	"github.com/faultline-otel/faultline/internal/review"
)

// hallucination is what the rubric of the tests looks for.
func hallucination(string) []review.Kind {
	return []review.Kind{{Class: failure.Hallucination, Details: []string{"ungrounded", "contradicted"}}}
}

func label(decision review.Decision, class failure.Class, detail string) *review.Judgement {
	return &review.Judgement{Labels: []review.Label{{Decision: decision, Class: class, Detail: detail, Note: "a note"}}}
}

func result(id, version, said string) docket.Result {
	return docket.Result{TraceID: id, Rubric: "groundedness", Version: version, Label: said, CostUSD: genai.Some(0.002)}
}

func given(results ...docket.Result) (list []Given) {
	for _, r := range results {
		list = append(list, Given{Result: r})
	}
	return list
}

// TestWhatPeopleSay: a label is about one failure, and says nothing of others.
func TestWhatPeopleSay(t *testing.T) {
	for name, c := range map[string]struct {
		of            *review.Judgement
		failed, known bool
		words         string
	}{
		"this failure":      {label(review.Confirmed, failure.Hallucination, "contradicted"), true, true, "hallucination/contradicted"},
		"its class":         {label(review.Confirmed, failure.Hallucination, ""), true, true, "hallucination"},
		"sound":             {label(review.Rejected, "", ""), false, true, "sound"},
		"another failure":   {label(review.Confirmed, failure.Timeout, ""), false, false, "timeout"},
		"corrected to that": {&review.Judgement{Class: failure.Hallucination, Labels: label(review.Confirmed, failure.Timeout, "").Labels}, false, true, "timeout"},
		"as it was found":   {&review.Judgement{Class: failure.Hallucination, Detail: "ungrounded", Labels: label(review.Confirmed, "", "").Labels}, true, true, "hallucination/ungrounded"},
	} {
		t.Run(name, func(t *testing.T) {
			var l Labels
			l.Add(c.of, "t1", "row")
			require.Equal(t, 1, l.Len())
			for _, id := range []string{"t1", "row"} {
				said, known := l.Says(id, hallucination(""))
				require.Equal(t, c.known, known)
				require.Equal(t, c.failed, said.Failed)
				require.Equal(t, c.words, said.String())
				require.Equal(t, "a note", said.Note)
			}
		})
	}
	var l Labels
	l.Add(&review.Judgement{}, "t1")
	require.Zero(t, l.Len(), "nobody decided")
	_, known := l.Says("t1", hallucination(""))
	require.False(t, known)
}

func TestKindsOfRubrics(t *testing.T) {
	grounded, err := judge.Find("groundedness")
	require.NoError(t, err)
	require.Equal(t, hallucination(""), KindsOf(grounded))
	helpful, err := judge.Find("helpfulness")
	require.NoError(t, err)
	require.Equal(t, review.Kind{Class: failure.BadAnswer}, KindsOf(helpful)[0], "people have finer details than judge")
	require.Equal(t, []review.Kind{{}}, KindsOf(nil))
}

// many makes labelled results: tp, fp, fn and tn of each.
func many(version string, tp, fp, fn, tn int) (results []Given, labels Labels) {
	n := 0
	add := func(count int, said string, of *review.Judgement) {
		for range count {
			id := fmt.Sprint("t", n)
			n++
			results = append(results, Given{Result: result(id, version, said)})
			labels.Add(of, id)
		}
	}
	failed, sound := label(review.Confirmed, failure.Hallucination, "ungrounded"), label(review.Rejected, "", "")
	add(tp, docket.Fail, failed)
	add(fp, docket.Fail, sound)
	add(fn, docket.Pass, failed)
	add(tn, docket.Pass, sound)
	return results, labels
}

func TestCompare(t *testing.T) {
	results, labels := many("m@1", 28, 5, 4, 60)
	results = append(results, given(
		docket.Result{TraceID: "t0x", Rubric: "groundedness", Version: "m@1", Label: docket.Fail},
		docket.Result{TraceID: "t1", SpanID: "other", Rubric: "groundedness", Version: "m@1", NotJudged: judge.Timeout},
	)...)
	trials := Compare(results, &labels, hallucination)
	require.Len(t, trials, 1)
	got := trials[0]
	require.Equal(t, agreement.Confusion{TP: 28, FP: 5, FN: 4, TN: 60}, got.Confusion)
	require.Equal(t, 97, got.Cases())
	require.Equal(t, 1, got.Unlabelled)
	require.InDelta(t, 0.002, got.Cost.Value, 1e-12)
	require.Len(t, got.Disagreements, 9)
	require.Equal(t, []Class{
		{"sound", false, 65, 5}, {"hallucination/ungrounded", true, 32, 28},
	}, got.Classes)
	// By hand: (28*60 - 5*4) / sqrt(33 * 32 * 65 * 64); kappa (88/97 - pe) / (1 - pe), pe = (33*32 + 64*65) / 97².
	mcc, ok := got.MCC()
	require.True(t, ok)
	require.InDelta(t, 0.79202, mcc, 1e-4)
	kappa, ok := got.Kappa()
	require.True(t, ok)
	require.InDelta(t, 0.7918, kappa.Value, 1e-4)
	require.InDelta(t, 0.875, got.Recall().Value, 1e-12)
	require.NotNil(t, got.Recall().Interval)
	require.Empty(t, got.Missing())
}

// TestTrust: 30 labels of failures and an MCC of 0.6 are needed, both.
func TestTrust(t *testing.T) {
	for _, c := range []struct {
		tp, fp, fn, tn int
		missing        []string
	}{
		{30, 0, 0, 30, nil},
		{29, 0, 0, 30, []string{"29 of 30 labels of failures"}},
		{20, 0, 10, 100, nil},
		{30, 20, 10, 40, []string{"an MCC of 0.41, where 0.60 is needed"}},
		{5, 10, 5, 10, []string{"10 of 30 labels of failures", "an MCC of 0.00, where 0.60 is needed"}},
		{30, 0, 2, 0, []string{"no label of a sound case, so there is no MCC"}},
		{0, 0, 40, 40, []string{"the judge never varies, so there is no MCC"}},
	} {
		results, labels := many("m@1", c.tp, c.fp, c.fn, c.tn)
		require.Equal(t, c.missing, Compare(results, &labels, hallucination)[0].Missing(), c)
	}
}

// TestVersionsNeverMix: each version is a trial of its own, the newest one first.
func TestVersionsNeverMix(t *testing.T) {
	old, labels := many("m@1", 3, 1, 1, 3)
	recent, _ := many("m@2", 4, 0, 0, 4)
	now := time.Now()
	for i := range old {
		old[i].At, recent[i].At = now, now.Add(-time.Hour) // a version may return
	}
	trials := Compare(append(old, recent...), &labels, hallucination)
	require.Len(t, trials, 2)
	require.Equal(t, "m@1", trials[0].Version)
	require.Equal(t, agreement.Confusion{TP: 3, FP: 1, FN: 1, TN: 3}, trials[0].Confusion)
	for i := range old {
		old[i].At, recent[i].At = time.Time{}, time.Time{}
	}
	trials = Compare(append(old, recent...), &labels, hallucination)
	require.Equal(t, "m@2", trials[0].Version, "without times, what comes later is newer")
}

// TestOneVerdictACase: of several spans the worst counts, with the cost of all; of one span the later judgement.
func TestOneVerdictACase(t *testing.T) {
	var labels Labels
	labels.Add(label(review.Confirmed, failure.Hallucination, ""), "t1")
	labels.Add(label(review.Rejected, "", ""), "t2")
	first, second := result("t1", "v", docket.Pass), result("t1", "v", docket.Fail)
	first.SpanID, second.SpanID = "a", "b"
	again := Compare(given(first, second, result("t2", "v", docket.Fail), result("t2", "v", docket.Pass)), &labels, hallucination)
	require.Equal(t, agreement.Confusion{TP: 1, TN: 1}, again[0].Confusion)
	require.InDelta(t, 0.003, again[0].Cost.Value, 1e-12, "0.004 and 0.002 on two cases")
}

func TestDiffer(t *testing.T) {
	var labels Labels
	labels.Add(label(review.Confirmed, failure.Hallucination, ""), "missed")
	labels.Add(label(review.Rejected, "", ""), "alarm")
	labels.Add(label(review.Rejected, "", ""), "same")
	labels.Add(label(review.Confirmed, failure.Timeout, ""), "silent")
	from := []docket.Result{
		result("missed", "v1", docket.Pass), result("alarm", "v1", docket.Pass), result("same", "v1", docket.Pass),
		result("silent", "v1", docket.Pass), result("nobody", "v1", docket.Pass),
	}
	to := []docket.Result{
		result("missed", "v2", docket.Fail), result("alarm", "v2", docket.Fail), result("same", "v2", docket.Pass),
		result("silent", "v2", docket.Fail), result("nobody", "v2", docket.Fail),
	}
	diffs, err := Differ(from, to, &labels, hallucination)
	require.NoError(t, err)
	require.Len(t, diffs, 1)
	d := diffs[0]
	require.Equal(t, 4, d.Compared, "what nobody judged is left out")
	var verdicts []string
	for i := range d.Changes {
		verdicts = append(verdicts, d.Changes[i].ID+" "+d.Changes[i].Verdict())
	}
	require.Equal(t, []string{"missed better", "alarm worse", "silent "}, verdicts)
	require.Equal(t, []int{1, 1}, []int{d.Better, d.Worse})
	require.Equal(t, agreement.Confusion{FN: 1, TN: 2}, d.Before)
	require.Equal(t, agreement.Confusion{TP: 1, FP: 1, TN: 1}, d.After)

	diffs, err = Differ(from, to[:4], &Labels{}, hallucination)
	require.NoError(t, err)
	require.Equal(t, 4, diffs[0].Compared, "without labels all are compared")
	require.Equal(t, 1, diffs[0].OneSided)

	renamed := result("same", "v2", docket.Fail)
	renamed.Rubric = "grounded"
	diffs, err = Differ(from, []docket.Result{renamed}, &labels, hallucination)
	require.NoError(t, err)
	require.Len(t, diffs[0].Changes, 1, "a single rubric may have a new name")
	_, err = Differ(append(from, renamed), []docket.Result{
		{TraceID: "a", Rubric: "x", Label: docket.Pass}, {TraceID: "a", Rubric: "y", Label: docket.Pass},
	}, &labels, hallucination)
	require.EqualError(t, err, "no rubric is on both sides: --from has groundedness, grounded, --to has x, y")
	_, err = Differ(append(from, to...), to, &labels, hallucination)
	require.EqualError(t, err, "--from has several versions of groundedness: give results of one")
}
