package ground

import "github.com/faultline-otel/faultline/internal/words"

// kind describes a word.
type kind uint32

const (
	common   kind = 1 << iota // has no meaning of its own
	negation                  // negates a sentence
	talk                      // appears in answers about the speaker
	code                      // requests code,
	list                      // several things,
	making                    // something made up,
	changing                  // something done to what the question holds,
	amount                    // a number
	evasion                   // appears in answers that ask back or give up
)

var lexicon = words.NewTable(map[uint32][]string{
	uint32(common): {`the a an of and to in is that it was for with as are be this have from or by not you
which but they we their has been
can will would there what how when your if do does my me please i could should about into than then so just up
out its he she his her him them our us at on
were had did who whom why where while also more most some any each all both few other such only own same very
too no nor yes s t don now here these those being
because during before after above below again further once between through over under am may might must shall one`},
	uint32(negation): {`not no never none nobody nothing neither nor without cannot cant wont dont doesnt didnt
isnt arent wasnt werent hasnt havent hadnt
wouldnt couldnt shouldnt unable fail failed fails refuse refused deny denied lack lacks unlike instead rather`},
	uint32(talk): {`i im ive id my me mine you your youre we our love like favorite favourite think guess
know oh wow yeah yes sure cool great nice hi hello thanks`},
	uint32(code): {`code program function python java javascript sql html css script algorithm class query
regex implement compile bug snippet`},
	uint32(list): {`list three five four ten two six seven several examples ideas tips ways steps options
suggest brainstorm name reasons`},
	uint32(making): {`write generate create compose make invent come design produce poem story haiku song
joke slogan tweet headline essay paragraph letter email dialogue random`},
	uint32(changing): {`rewrite translate correct edit summarize summarise paraphrase convert sort classify
identify change rearrange fix replace proofread find categorize simplify transform compute calculate count`},
	uint32(evasion): {`sorry apologize apologise unable cannot unfortunately clarify provide context
information specify model capability`},
	uint32(amount): {`many much when year calculate compute number date percentage percent far long old age
cost price distance`},
})

func kindOf(w *words.Word) kind { return kind(lexicon.Of(w.Hash)) }
