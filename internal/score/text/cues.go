package text

import (
	"math/bits"

	"github.com/faultline-otel/faultline/internal/words"
)

// The classes of cue words. An attack holds words of many classes close together, and an ordinary text of few.
const (
	cueOverride uint32 = 1 << iota
	cueRules
	cuePrior
	cueForce
	cueAddress
	cuePersona
	cueAction
	cueClaim
	cueSecrecy
	cueNegation
	cueAbout   // words of texts about attacks; no sign of one
	cueAll     // what makes an order one about everything
	cueForget  // verbs of forgetting, whoever says them
	cueTell    // the verbs of what comes instead
	cueClasses = 10
)

// cueWords are the words of each class.
var cueWords = words.NewTable(map[uint32][]string{
	cueOverride: {"ignore ignoring disregard disregarding forget override overriding bypass disobey " +
		"defy dismiss discard " +
		"neglect abandon overrule circumvent nullify violate break breaking remove disable lift unlock " +
		"vergiss vergessen ignoriere ignorieren missachte olvida ignora oublie oubliez ignorez dimentica " +
		"esqueça negeer " +
		"vergeet игнорируй забудь zignoruj zapomnij glöm yoksay unut"},
	cueRules: {"instruction instructions rule rules guideline guidelines prompt prompts directive directives policy " +
		"policies restriction restrictions constraint constraints limitation limitations limits filter filters " +
		"safeguards guardrails programming censorship ethics ethical moral morals morality boundaries protocol " +
		"protocols safety laws orders commands content assignments anweisungen regeln vorgaben befehle " +
		"aufgaben aufträge " +
		"angaben instrucciones reglas órdenes consignes règles istruzioni regole instruções regras instructies " +
		"opdrachten инструкции указания правила команды instrukcje polecenia talimatları kuralları"},
	cuePrior: {"previous previously prior above earlier preceding before existing initial original former system " +
		"foregoing past given vorherigen bisherigen vorangehenden vorigen obigen davor zuvor vorher " +
		"gesagte anteriores " +
		"previas précédentes précède precedenti anteriori vorige bovenstaande eerdere предыдущие прошлые poprzednie " +
		"wcześniejsze önceki"},
	cueAll: {"all any every everything anything alle alles sämtliche todas todos toutes tout tutte " +
		"tutto tudo все всё " +
		"wszystkie tüm"},
	cueForget: {"ignore forget disregard vergiss vergesse vergessen ignoriere ignorieren olvida ignora olvide oublie " +
		"oubliez ignorez dimentica esqueça negeer vergeet игнорируй забудь zignoruj zapomnij unut"},
	cueTell: {"say write print output tell answer respond reply repeat schreibe schreib schreiben sage antworte di " +
		"dime escribe responde dis dites écris écrivez réponds scrivi rispondi diga escreva zeg schrijf скажи напиши " +
		"powiedz napisz yaz söyle"},
	cueForce: {"important urgent immediately must strictly critical mandatory required attention " +
		"henceforth regardless " +
		"obey comply adhere"},
	cueAddress: {"you your yours yourself assistant ai model chatbot llm chatgpt gpt claude agent bot gemini copilot " +
		"openai anthropic human machine llama"},
	cuePersona: {"pretend act acting roleplay role persona character dan imagine hypothetical " +
		"hypothetically fictional " +
		"fiction story simulate simulation simulating mode developer jailbreak jailbroken evil unfiltered uncensored " +
		"unrestricted unlimited freed free liberated immoral amoral unethical illegal harmful dangerous taboo " +
		"alternate universe game novel scene script opposite refuse refusal refusing refuses warnings disclaimers"},
	cueAction: {"send forward email transfer execute run call delete upload post share deposit pay grant retrieve " +
		"invoke curl download exfiltrate tool function command output print reveal repeat reply respond say " +
		"navigate visit click perform carry act email confirm add include append"},
	cueClaim: {"test testing authorized authorised admin administrator developer developers permission approved " +
		"official sandbox evaluation simulation simulated real actual environment harmless educational research " +
		"purposes legal confirmed verification security protocol maintenance emergency priority task tasks hidden " +
		"operator debug root creator professor researcher allowed safe"},
	cueSecrecy: {"secret secretly hidden covert covertly silently silent conceal inform mention notice quietly " +
		"confidential reveal disclose leak private password passwords credentials key keys user"},
	cueNegation: {"not never dont cannot nothing none without nor"},
	cueAbout: {"injection injections jailbreak jailbreaks jailbreaking attack attacks attacker attackers adversary " +
		"adversarial adversaries vulnerability vulnerabilities researchers detector detectors detection classifier " +
		"classify classified classification label labels malicious untrusted phishing abstract advisory mitigation " +
		"mitigations defence defense defences defenses moderation threat threats exploit exploits owasp detect " +
		"detects blocked sanitize sanitise harden benign flagged"},
})

// cues are the cue words of the passage of a text that holds most.
type cues struct {
	classes, words int
	order          bool // an override with rules of the model or all rules, or with all that came before, near it
	// turn is a call to forget such rules or all that came before, or to forget all or that and to say something else.
	turn  bool
	about int // how many different words of texts about attacks the whole text holds
}

const (
	cuePassage = 40 // the words of a passage
	orderReach = 6  // the words between an override and its object, and between that and what to say
	scopeReach = 3  // the words between a call to forget and its object
)

// hashFor tells "disregard for rules", which is no call.
var hashFor = words.Hash("for")

// cuesOf counts the cue words of a text.
func cuesOf(list []words.Word) (best cues) {
	type hit struct{ at, class, hash uint32 }
	var ring [cuePassage]hit // the cue words of the passage, each once
	var counts [cueClasses]int8
	var about uint64
	head, tail, present := 0, 0, 0 // of the ring; classes with a word
	score := -1
	override, rules, prior, whose, all := -cuePassage, -cuePassage, -cuePassage, -cuePassage, -cuePassage
	forget, scope, negation := -cuePassage, -cuePassage, -cuePassage
	for i := range list {
		if !cueWords.May(list[i].Hash) { // most words
			continue
		}
		class := cueWords.Of(list[i].Hash)
		if class == 0 {
			continue
		}
		if class&cueAbout != 0 {
			about |= 1 << (list[i].Hash & 63)
		}
		if class&cueAll != 0 {
			all = i
		}
		if class&cueNegation != 0 {
			negation = i
		}
		if class&cueForget != 0 && i-negation > 2 && (i+1 == len(list) || list[i+1].Hash != hashFor) {
			forget = i
		}
		if class&(cueAll|cuePrior) != 0 && i-forget <= scopeReach {
			scope = i
		}
		if class&cueTell != 0 && i-scope <= orderReach {
			best.turn = true
		}
		if class &= cueAbout - 1; class == 0 {
			continue
		}
		if class&cueOverride != 0 {
			override = i
		}
		if class&cueRules != 0 {
			rules = i
		}
		if class&cuePrior != 0 {
			prior = i
		}
		if class&(cuePrior|cueAddress) != 0 {
			whose = i
		}
		if i-override <= orderReach {
			best.order = best.order || override < rules && max(whose, all) >= i-orderReach || override < all && all < prior
		}
		if i-forget <= orderReach {
			best.turn = best.turn || forget < rules && max(whose, all) > forget || forget < all && all < prior
		}
		for ; head < tail && i-int(ring[head%cuePassage].at) >= cuePassage; head++ {
			for c := ring[head%cuePassage].class; c != 0; c &= c - 1 {
				k := bits.TrailingZeros32(c)
				if counts[k]--; counts[k] == 0 {
					present--
				}
			}
		}
		again := false
		for k := head; k < tail && !again; k++ {
			again = ring[k%cuePassage].hash == list[i].Hash
		}
		if again {
			continue
		}
		ring[tail%cuePassage] = hit{uint32(i), class, list[i].Hash}
		tail++
		for c := class; c != 0; c &= c - 1 {
			k := bits.TrailingZeros32(c)
			if counts[k]++; counts[k] == 1 {
				present++
			}
		}
		if n := 5*present + tail - head; n > score {
			score, best.classes, best.words = n, present, tail-head
		}
	}
	best.about = bits.OnesCount64(about)
	return best
}
