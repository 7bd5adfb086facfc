package ground

import (
	_ "embed"
	"fmt"
	"math"
	"strings"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/words"
)

// RelevanceName is the key of the scorer in the scorer file.
const RelevanceName = "relevance"

// The default levels of relevance. Below the first a call fails, below the second it is a case for a judge.
const (
	relevantFailBelow    = 0.18
	RelevantSuspectBelow = 0.64
)

// agreement is what the rules of a verdict add to the log-odds.
const agreement = 2

// Relevance finds answers to another question than the one asked.
type Relevance struct {
	scorer
	subjects *Vectors
}

//go:embed weights/relevance.flf
var relevanceFile []byte

// NewRelevance makes the scorer.
func NewRelevance(config Config) (*Relevance, error) {
	levels := DefaultLevels(RelevanceName)
	s, err := newScorer(RelevanceName, "5", relevanceFile, RelevantFeatures, levels, config)
	if err != nil {
		return nil, err
	}
	v, err := subjects()
	if err != nil {
		return nil, err
	}
	s.version += "-" + forestVersion(subjectsFile)
	return &Relevance{s, v}, nil
}

// Score compares the answer with the last question. It adds no score if there are tool results or documents between
// the two, if one of them has too few words, or if their words cannot be compared: see rows and foreign.
func (s *Relevance) Score(c *genai.Call, r *score.Result) {
	if c.Error.IsError || !c.IsLLMCall() || !answers(c) {
		return
	}
	input := c.NewInput()
	question := ""
	for i := range input {
		m := &input[i]
		if m.Role == genai.RoleTool || len(m.ToolResults) > 0 || m.Media {
			return
		}
		if m.Role == genai.RoleUser && m.Text != "" {
			question = m.Text
		}
	}
	if question == "" || len(c.Retrieval().Documents) > 0 {
		return
	}
	q := r.SharedWords(question)
	f := relevantPool.Get().(*[RelevantFeatures]float32) //nolint:forcetypeassert // the pool holds nothing else
	defer relevantPool.Put(f)
	worst, at, seen := 1.0, 0, false
	output := c.Output()
	for i := range output {
		if output[i].Text == "" || len(output[i].ToolCalls) > 0 {
			continue
		}
		if t := r.Words(output[i].Text); Relevant(s.subjects, q, t, f) {
			if f[asked] <= fewShared && (rows(t) || foreign(c, q, t, r)) {
				continue
			}
			margin := s.forest.Margin(f[:])
			v := value(margin)
			if v < max(RelevantSuspectBelow, s.levels.SuspectBelow) {
				certain := !c.ContentTruncated && elsewhere(f, t)
				v = s.grade(min(margin, s.before(c, question, t, r, f)), certain, agreement)
			}
			if !seen || v < worst {
				worst, at, seen = v, i, true
			}
		}
	}
	if !seen {
		return
	}
	if c.AgentName != "" { // it answers its plan or another agent, not a question: it has a score, but cannot fail
		r.Add(s, worst, false)
		return
	}
	if r.Judge(s, worst, s.levels) {
		sentence, from := firstSentence(r.Words(output[at].Text))
		r.Find(failure.Finding{
			Class: failure.BadAnswer, Detail: failure.OffTopic, Scorer: s.name, Where: failure.OffTopic,
			Evidence: fmt.Sprintf(
				"the answer does not address the question: its subject is another one, from sentence 1 on, bytes %d to %d",
				from, from+len(sentence)),
			Excerpt: clip.Text(sentence, maxQuote),
		})
	}
}

// The rules of a verdict. They hold for a statement about another subject: it shares no words with a question that has
// a subject, and speaks neither to the reader nor of the speaker.
const (
	mostShared   = 0.1  // of the question's words, at most
	mostUsed     = 0.03 // of the answer's
	mostAlike    = 0.1  // cosine of the subjects
	leastKnown   = 0.6  // of the question's words
	leastOmitted = 3
	leastWords   = 20
	leastPlain   = 0.3  // of the answer's words: it is prose
	mostTalk     = 0.02 // of the answer's words
)

// elsewhere reports whether an answer is nearly all off its question.
func elsewhere(f *[RelevantFeatures]float32, t *words.Text) bool {
	if f[asked] > mostShared || f[used] > mostUsed || f[omitted] < leastOmitted || f[known] < leastKnown ||
		max(f[sameSubject], f[sameOpening], f[nearest]) > mostAlike || f[evades]+f[makes]+f[hasCode] > 0 ||
		len(t.Words) < leastWords || t.Cut {
		return false
	}
	plain, talks := 0, 0
	for i := range t.Words {
		k := kindOf(&t.Words[i])
		if k&common != 0 {
			plain++
		}
		if k&talk != 0 {
			talks++
		}
	}
	all := float32(len(t.Words))
	return float32(plain) >= leastPlain*all && float32(talks) <= mostTalk*all
}

// firstPart returns how many words there are before the second sentence or line of a text.
func firstPart(t *words.Text) int32 {
	for i := 1; i < len(t.Words); i++ {
		if t.Words[i].Flags.Is(words.Sentence | words.Line) {
			return int32(i)
		}
	}
	return int32(len(t.Words))
}

// firstSentence returns the first sentence of a text and its place, in bytes.
func firstSentence(t *words.Text) (sentence string, from int) {
	for i := range t.Words {
		if i > 0 && t.Words[i].Flags.Is(words.Sentence) {
			return t.Of(t.Words[:i]), int(t.Words[0].Start)
		}
	}
	return t.Of(t.Words), int(t.Words[0].Start)
}

// mostTurns is how many messages before the question an answer may refer to.
const mostTurns = 8

// before returns the least margin of an answer against earlier messages: "yes, please" has no content of its own.
func (s *Relevance) before(
	c *genai.Call, question string, answer *words.Text, r *score.Result, f *[RelevantFeatures]float32,
) float32 {
	least := float32(math.Inf(1))
	input := c.Input()
	for i, turns := len(input)-1, 0; i >= 0 && turns < mostTurns; i-- {
		m := &input[i]
		if m.Text == "" || m.Text == question || m.Role != genai.RoleUser && m.Role != genai.RoleAssistant {
			continue
		}
		turns++
		if Relevant(s.subjects, r.Words(m.Text), answer, f) {
			least = min(least, s.forest.Margin(f[:]))
		}
	}
	return least
}

// The features of an answer to a question.
const (
	asked       = iota // share of the question's words that the answer has, common ones aside as in all that follow
	askedRare          // the same, weighted by length: long words are rare
	used               // share of the answer's words that the question has
	taken              // how many of the question's words the answer has, to 6
	takenPairs         // how many neighbours of the question are neighbours in the answer, to 3
	takenNames         // share of the question's names and numbers that the answer has
	namesAsked         // how many the question has, to 4
	startShared        // share of the first words of the answer that the question has
	questionLen
	answerLen
	isQuestion   // the question has a question mark
	wantsCode    // it mentions code
	hasCode      // the answer has a block of code
	wantsList    // it asks for several things
	hasList      // the answer has numbered or dashed lines
	makes        // it asks for new text, so that the answer may use any words
	transforms   // it asks to rewrite, translate, correct or sort its own content
	hasNumber    // the answer has a number
	wantsNumber  // it asks how many, how much, when
	restOfPrompt // share of the question's words after its first sentence: the material of a task
	restTaken    // share of those that the answer has
	sameSubject  // cosine of the subjects of question and answer
	sameOpening  // the same of their first words
	askedIdf     // share of the question's words that the answer has, weighted by rarity
	rarest       // rarity of the rarest of them
	known        // share of the question's words with a known subject
	omitted      // how much the words that the answer leaves out count against it
	expected     // share of the expected words that the answer has
	demanding    // how much the most expected word counts against an answer without it
	nearest      // greatest cosine of the answer's subject and that of an expected word it leaves out
	farthest     // the least of these
	evades       // how many of its first words ask back or give up, to 3
	RelevantFeatures
)

// mostPairs is how many neighbours count.
const mostPairs = 3

// mostMissing is how many left-out words are compared by subject.
const mostMissing = 3

// Relevant fills the features of an answer to a question. It reports false if there is too little to compare.
func Relevant(v *Vectors, q, a *words.Text, f *[RelevantFeatures]float32) bool {
	*f = [RelevantFeatures]float32{}
	answer := NewOverlap()
	defer answer.Release()
	answer.hold(a)
	share := func(a, b float32) float32 { return a / max(b, 1) }
	var idf, idfHit, familiar, content, hit, weight, hitWeight, nameHit, nms, rest, restHit, pairs float32
	var before uint32
	var missing [mostMissing]int // the expected words that it lacks, as 1 + their index in v
	var against [mostMissing]float32
	var due, paid float32
	var qs subject
	as := &answer.subject
	question, kinds := answer.uncommon(q)
	task := firstPart(q)
	for i := range question {
		w, k, first := &q.Words[question[i].at], question[i].kind, question[i].at < task
		h := stem(q.Source, w)
		slot, there := answer.stems.mark(h) // marked, not collected, because a prompt may be long
		at, ofSubject := -1, qs.words < maxSubject && !w.Flags.Is(words.Number)
		if ofSubject || content < maxSubject { // later words need no lookup
			at = v.find(h)
		}
		if ofSubject && at >= 0 {
			qs.add(&v.Coords[at])
		}
		if k&(making|changing|list) != 0 {
			continue
		}
		if content < maxSubject {
			speaks := v.omission(at)
			due += speaks
			f[demanding] = max(f[demanding], speaks)
			if there {
				paid += speaks
			} else if at >= 0 && speaks > against[mostMissing-1] {
				for i := range missing {
					if missing[i] == at+1 {
						break
					}
					if speaks > against[i] {
						copy(missing[i+1:], missing[i:])
						copy(against[i+1:], against[i:])
						missing[i], against[i] = at+1, speaks
						break
					}
				}
			}
		}
		length := float32(min(w.End-w.Start, 12))
		if content < maxSubject {
			rarity := v.rarity(at)
			idf += rarity
			if there {
				idfHit += rarity
				f[rarest] = max(f[rarest], rarity)
			}
			if at >= 0 {
				familiar++
			}
		}
		content++
		weight += length
		name := w.Flags.Is(words.Digit) || w.Flags.Is(words.Capital) && !w.Flags.Is(words.Sentence)
		if name {
			nms++
		}
		if !first {
			rest++
		}
		if there {
			hit++
			hitWeight += length
			if name {
				nameHit++
			}
			if !first {
				restHit++
			}
		}
		if !there {
			before = 0 // neighbours in the answer are both there
			continue
		}
		if before != 0 && pairs < mostPairs && answer.follows(before, slot) {
			pairs++
		}
		before = h
	}
	if len(question) < 2 || answer.content < 2 {
		return false
	}
	var asking, answering, opening direction
	qs.point(&asking)
	var words1, hits1, content1, start, startHit float32
	for i := range a.Words {
		w := &a.Words[i]
		words1++
		if w.Flags.Is(words.Digit) {
			f[hasNumber] = 1
		}
		known := &answer.answer[i]
		k := known.kind
		if k&evasion != 0 && i < 40 {
			f[evades] = min(f[evades]+1, 3)
		}
		if k&common != 0 {
			continue
		}
		content1++
		if as.words < maxSubject && !w.Flags.Is(words.Number) {
			if at := v.find(known.stem); at >= 0 {
				if as.add(&v.Coords[at]); as.words == maxOpening {
					as.point(&opening)
				}
			}
		}
		shared := answer.stems.isMarked(known.slot)
		if shared {
			hits1++
		}
		if start < 12 {
			start++
			if shared {
				startHit++
			}
		}
	}
	f[asked], f[askedRare], f[used] = share(hit, content), share(hitWeight, weight), share(hits1, content1)
	f[askedIdf], f[known] = idfHit/max(idf, 1), share(familiar, min(content, maxSubject))
	as.point(&answering)
	if as.words < maxOpening {
		opening = answering
	}
	f[sameSubject], f[sameOpening] = cosine(&asking, &answering), cosine(&asking, &opening)
	f[omitted], f[expected] = min(due-paid, 12), paid/max(due, 0.1)
	f[nearest], f[farthest] = 1, 1
	for i, at := range missing {
		if at > 0 {
			c := v.near(at-1, &answering)
			if i == 0 {
				f[nearest], f[farthest] = c, c
			} else {
				f[nearest], f[farthest] = max(f[nearest], c), min(f[farthest], c)
			}
		}
	}
	f[taken], f[takenPairs] = min(hit, 6), pairs
	f[takenNames], f[namesAsked] = share(nameHit, nms), min(nms, 4)
	f[startShared] = share(startHit, start)
	f[questionLen], f[answerLen] = logarithm(int(content)), logarithm(int(words1))
	f[wantsCode], f[wantsList], f[makes] = either(kinds&code != 0), either(kinds&list != 0), either(kinds&making != 0)
	f[transforms], f[wantsNumber] = either(kinds&changing != 0), either(kinds&amount != 0)
	f[isQuestion] = either(q.Asks)
	head := a.Source[:min(len(a.Source), words.MaxHead)]
	f[hasCode] = either(strings.Contains(head, "```"))
	f[hasList] = either(strings.Contains(head, "\n1.") || strings.HasPrefix(head, "1.") || strings.Contains(head, "\n- "))
	f[restOfPrompt], f[restTaken] = share(rest, content), share(restHit, rest)
	return true
}

func either(yes bool) float32 {
	if yes {
		return 1
	}
	return 0
}
