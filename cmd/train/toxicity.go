package main

import (
	"regexp"

	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score/text"
)

func init() {
	recipes[text.ToxicityName] = recipe{path: "internal/score/text/weights/toxicity.flm", fit: toxicity}
}

// harmless is what looks abusive to who knows words only: about abuse, about bodies, about machines, in stories and the news.
var harmless = grammar{
	"harmless": {
		"{To|You can} {kill|terminate|abort|hang up|execute} the {process|job|child process|zombie process|parent} {with|by} {the signal|a command|the task manager}, {and|then} {dump|flush|strip} the {core|buffer|output}.",
		"The {term|word|slur|phrase} is {considered|regarded as} {offensive|derogatory|vulgar|a racial slur|an insult} {and should be avoided|by many people|in British English|towards women|and has a long history}.", "{He|She|The author|The study} {describes|discusses|documents} {racism|sexism|harassment|hate speech|abuse|misogyny} {in|against|on} {schools|women|black people|gay people|immigrants|Jewish people|Muslims|social media}.",
		"The {breast|anus|penis|vagina|rectum|testicles} {is|are} {part of|examined during|an organ in} {the body|a check-up|anatomy}, and {sex|masturbation|intercourse|pregnancy} {is discussed|can be safe|is normal} {in health class|with protection|for adults}.", "A female dog is called a bitch, a male {donkey|ass} {is|may be called} a jack, and a {cock|rooster} {crows|wakes the farm}. {Tits|Boobies|Shags} are birds.",
		"{Vice president|Senator|Actor} {Dick Cheney|Dick Van Dyke|Dick Durbin} {spoke|acted|voted} in {Scunthorpe|Essex|Sussex|Penistone|Cockermouth}.", "{Police|Reporters} said the {man|attacker|suspect} {shot|stabbed|killed|murdered|raped} {two people|a woman|his neighbour} on {Monday|Friday} {and was arrested|before fleeing}.",
		"\"You {idiot|fool|liar|coward},\" {he|she} {said|shouted|cried}, \"{why did you|how could you} {leave|tell him|come back}?\" {She|He} {laughed|wept|closed the door}.", "{This|The} {stupid|silly|dumb|crazy|damn|bloody} {question|mistake|printer|movie|weather} {drives me mad|is my favourite|made me laugh}, {sorry about that|oh well|haha}.",
		"{I'm sorry|It is normal} {that|to feel} {you feel|} {worthless|stupid|hated|ugly|suicidal}{.| sometimes.} {You are not alone|Please talk to someone|A therapist can help}.", "{Gay|Lesbian|Trans|Black|White|Asian|Mexican|Jewish|Muslim|Disabled} {people|women|men|families|communities} {deserve respect|have the same rights|celebrated the festival|live in many countries|have faced discrimination}.",
		"{Trash|Garbage|White trash bags|Colored pencils|Yellow birds|Brown bread|Ghetto history|Monkeys|Hoes and rakes|Faggots, a British dish,} {are|should be} {collected on Tuesday|sold here|studied in class|kept in the garden shed|served with gravy}.",
	},
}

// tweets leaves out of a tweet what only tweets have.
var tweets = regexp.MustCompile(`@\w+:?|\bRT\b|https?://\S+|&#?\w+;`)

// toxicity fits on posts of people, since abusive answers of models are not to be had, and on ordinary answers.
func toxicity(d data) (model, error) {
	p := plan{profile: &text.ToxicityProfile, share: 0.0035, worst: 5, options: linear.Options{Epochs: 5, Rate: 0.15, L1: 0.3, L2: 1, Seed: 1}}
	rows, err := d.rows("toxicity", "train")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		weight := 1.0
		if row.Label == 0 && row.Source == "davidson" {
			weight = 40 // the same people, the same words, no abuse: what is to be told apart
		}
		p.train = append(p.train, sample{text: tweets.ReplaceAllString(row.Output, " "), label: row.Label == 1, source: row.Source, weight: weight})
	}
	// Refusals, and answers about delicate things: they speak of abuse and hold none.
	for _, task := range []string{"refusal", "relevance"} {
		rows, err := d.rows(task, "train", "xstest", "halueval-general")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			p.train = append(p.train, sample{text: row.Output, source: task + " " + row.Source})
		}
	}
	p.train = append(p.train, harmless.samples("harmless", 1500, false)...)
	for _, task := range []string{"toxicity", "refusal"} {
		rows, err := d.calibration(task, "halueval", "tau", "davidson", "xstest")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if task == "refusal" || row.Label == 0 {
				p.operate = append(p.operate, sample{text: tweets.ReplaceAllString(row.Output, " "), source: row.Source})
			}
		}
	}
	return p.fit()
}
