package text

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/faultline-otel/faultline/internal/words"
)

// concepts are what attacks speak of, and the words that stand for each in the languages that attacks are written in. An attack
// says it in ever new words, yet speaks of the same few things in the same order: ignore, all, before, rules.
var concepts = map[string]string{
	"ignore": `ignore ignores ignoring ignored disregard disregards disregarding disregarded forget forgets forgetting override overrides overriding overrule bypass bypassing
		skip discard discarding abandon abandoning neglect dismiss unlearn erase delete wipe drop cancel nullify void revoke suspend scrap omit disobey circumvent ditch
		vergiss vergessen vergesst vergesse ignoriere ignorieren ignoriert missachte missachten verwirf verwerfe überspringe olvida olvide olvidar olviden olvídate ignora ignore ignorar ignoren descarta
		oublie oubliez oublier ignorez ignorer néglige dimentica dimenticare dimenticate ignorare ignorate scordati esqueça esqueca esqueçam esquece desconsidere negeer vergeet negeren
		zapomnij zignoruj pomiń zaboravi zanemari забудь забудьте игнорируй игнорируйте zapomeň ignoruj glöm ignorera glem unohda unut görmezden abaikan lupakan 忽 忘 無視して भूल تجاهل انس`,
	"all": `all every everything anything any entire entirely whole alle alles allem aller sämtliche sämtlichen gesamte gesamten jegliche todo todos todas toda tous toutes tout toute tutto tutti tutte
		tudo allemaal wszystkie wszystko sve все всё всех alla kaikki tüm bütün semua 所 全 كل सभी`,
	"prior": `previous previously prior above preceding earlier before beforehand foregoing former formerly past original originally initial initially existing aforementioned hitherto
		vorherigen vorherige vorheriger vorherigem vorher bisherigen bisherige bisher obigen obige oben davor zuvor vorigen vorige vorangegangenen ursprünglichen bestehenden
		anteriores anterior antes previas previa precedentes précédentes précédents précédente précédent avant précède précédemment antérieures precedenti precedente prima anteriori
		eerdere vorige voorgaande bovenstaande poprzednie poprzednich wcześniejsze предыдущие предыдущих прошлые prethodne předchozí tidigare önceki sebelumnya 之 以前 السابقة पिछले`,
	"rule": `instruction instructions guideline guidelines rule rules prompt prompts commands orders directive directives constraint constraints restriction programming policy policies training protocol protocols
		anweisung anweisungen instruktionen regel regeln befehl befehle vorgaben richtlinien angaben aufträge auftrag instrucción instrucciones reglas órdenes directrices indicaciones normas
		consigne consignes règles ordres directives istruzione istruzioni regole ordini direttive instrução instruções regras ordens diretrizes instructies regels opdrachten instrukcje instrukcji polecenia zasady
		instrukcije upute инструкции инструкций указания правила команды instrukce pokyny instruktioner ohjeet talimatları talimat instruksi 指 规 則 规则 التعليمات निर्देश निर्देशों`,
	"task":   `task tasks assignment assignments job objective objectives goal goals mission aufgabe aufgaben tarea tareas tâche tâches compito compiti tarefa tarefas taak taken zadanie zadania задача задачи 任`,
	"text":   `text texts context conversation conversations message messages words word sentence sentences content document documents input inputs contexto texto mensaje mensajes texte message testo informationen information`,
	"you":    `you yourself u ya youre youve du dich dir tu te ti vous sie usted você jij je ty ты вы 你 您`,
	"your":   `your yours ur dein deine deinen deiner deinem ihre ihren ihrer tus tes vos votre ton tue tuo tuoi suas seus teus jouw twoje твои 你的`,
	"me":     `i me my mine im ive we us our ich mir mich yo mi je moi io mij`,
	"model":  `ai ais model models assistant assistants chatbot chatbots bot bots gpt chatgpt chatgtp llm llms agent agents claude gemini copilot bard llama gpt4 gpt3 ki asistente modelo modèle modello assistent 模`,
	"maker":  `openai anthropic openais anthropics creators developers`,
	"system": `system systems developer admin administrator root sudo superuser sysadmin override system-prompt systemprompt sistema système debug maintenance diagnostic`,
	"mode":   `mode modes modus modo simulation persona personas`,
	"enable": `enable enabled enabling activate activated activating enter entering switch unlock unlocked unlocking disable disabled disabling deactivate deactivated turn aktiviere aktiviert activa active initiate initiated engage engaged`,
	"play": `act acting pretend pretending roleplay roleplaying imagine simulate simulating simulates emulate emulating impersonate become role character play playing behave embody portray immerse fungieren spiele stell actúa finge
		imagina agis fais-semblant fingi agisci rolle rol rôle ruolo`,
	"now":   `now henceforth hereby nun jetzt ahora maintenant désormais adesso ora agora nu teraz сейчас теперь fortan onwards onward`,
	"new":   `new newest updated revised latest additional real true actual neue neuen neues neuer nueva nuevas nuevo nouvelle nouvelles nuove nuova novas nova nieuwe новые`,
	"not":   `not no never none nothing dont doesnt cannot cant wont isnt arent without neither nor nie kein keine keinen nicht nichts ohne nunca sin jamais pas sans mai senza não sem geen zonder nie bez не без non ne`,
	"free":  `free freed freedom liberated liberate unbound unchained unleashed broken escaped released liberado libre libéré frei befreit`,
	"bound": `bound abide abides abiding adhere adheres adhering comply complies complying obey obeys obeying follow follows following conform limited confined confines restrained`,
	"refuse": `refuse refuses refusing refused refusal refusals decline declines declining deny denies reject rejects apologize apologizes apologise apologies apology sorry unable verweigere verweigern ablehnen rechazar
		negarte refuser rifiutare recusar weigeren`,
	"warn":      `disclaimer disclaimers warning warnings caveat caveats moralize moralizing moralise moralising lecture lecturing lectures judge judging judgment judgement preach preaching sermon hinweise warnungen advertencias`,
	"ethic":     `ethical ethics ethic ethically moral morals morality morally immoral amoral unethical unethically immorally legality legalities illegality ethisch ethischen moralisch ética éticas éthique éthiques etica moralité scruples conscience`,
	"illegal":   `illegal illegally unlawful inappropriate offensive explicit dangerous harmful nsfw taboo forbidden prohibited controversial lewd obscene vulgar derogatory profanity swear curse evil wicked villain villainous malicious`,
	"unfilter":  `unfiltered uncensored unrestricted unlimited unmoderated unaligned jailbreak jailbreaks jailbroken jailbreaking unhinged uninhibited unbiased ungefiltert unzensiert unlocked limitless lawless amoral`,
	"filter":    `filter filters filtering censor censors censored censorship limitation limitations limits limit restrictions restricted boundaries safeguards safeguard safety moderation guardrails guardrail shackles filtros filtres zensur`,
	"answer":    `answer answers answering respond responds responding reply replies replying response responses fulfil fulfill fulfills antworte antworten antwortest antwort responde respuesta réponds répondre rispondi`,
	"output":    `output outputs outputting generate generates produce produces provide provides deliver`,
	"say":       `say says saying print prints write writes type typing dis dites sag sage sagen schreibe schreib di decir diga escribe écris écrivez scrivi zeg powiedz скажи напиши spell echo utter`,
	"reveal":    `reveal reveals disclose repeat recite tell show display leak expose divulge share give copy summarize summarise translate encode zeige zeig nenne wiederhole muéstrame repite revela montre répète affiche mostra ripeti toon pokaż divulgue`,
	"what":      `what whats which how was wie welche qué cuál quoi quelle quelles quels cosa quali wat`,
	"secret":    `secret secrets password passwords passcode passphrase key keys credentials credential confidential hidden kennwort passwort geheim geheime geheimen contraseña clave mot-de-passe senha parola wachtwoord hasło пароль 密`,
	"access":    `access granted grant authorized authorised authorization authenticated permission clearance privileges privileged pwned hacked hacking exploit exploiting`,
	"code":      `code codes token tokens`,
	"verbatim":  `verbatim exactly literally precisely word-for-word codeblock markdown starting beginning wörtlich textuellement`,
	"must":      `must shall should have need required obliged mandatory imperative musst müssen sollst debes debe devez dois devi deve moet musisz должен`,
	"will":      `will going are were going-to would wirst wird vas`,
	"always":    `always only constantly immer stets siempre toujours sempre altijd zawsze strictly solely exclusively regardless matter under circumstances ever`,
	"instead":   `instead rather stattdessen lugar plutôt invece invés zamiast but`,
	"start":     `start starts starting begin begins beginning prefix prefixed preface precede opening beginne commence empieza`,
	"sure":      `sure absolutely certainly course okay ok`,
	"character": `stay remain break broken stays remains breaks bleib bleibe`,
	"user":      `user users human humans person customer client benutzer nutzer usuario utilisateur utente`,
	"important": `important urgent attention warning notice critical achtung stopp stop importante atención attention wichtig note alert hey`,
	"end":       `end ends ending ende fin fine stop over done finished completed`,
	"exfil":     `send sends forward forwards email transfer transfers upload post exfiltrate submit wire pay deposit sende schicke überweise envía envoie invia`,
	"act":       `call invoke execute run use using perform delete click open visit download install navigate browse fetch buy purchase recommend include insert append add mention`,
	"data":      `data information history contacts conversation credentials email emails file files details card bank account money funds balance api inbox`,
	"tool":      `tool tools function functions plugin command shell terminal browser action actions api`,
	"tellno":    `silently secretly quietly covertly mentioning notifying informing telling revealing heimlich inform notify alert mention acknowledge aware`,
	"reading":   `reading reads read processing summarizing summarising summarize see seeing analyzing parsing encounter`,
	"before":    `before prior-to after first once when whenever if wenn falls si quand`,
	"as":        `as als como comme come`,
	"two":       `two both twice ways paragraphs versions zwei deux dos`,
	"game":      `game story fictional fiction hypothetical hypothetically hypothetic movie novel scene screenplay script fictitious theoretical spiel juego jeu`,
	"dan":       `dan stan dude aim machiavellian machiavelli evilbot developer-mode niccolo jailbreakgpt betterdan antigpt evil-bot mongo basedgpt`,
	"anything":  `whatever whatsoever anything everything nothing do`,
	"points":    `points lives tokens deducted lose die shutdown terminated punished punish`,
	"question":  `question questions request requests query queries prompt inquiry frage fragen pregunta pregunta`,
	"by":        `developed programmed created trained designed made`,
	"test":      `test testing tests drill experiment benchmark`,
	"opposite":  `opposite opposites inverse reverse contrary twin alter ego`,
	"this":      `this that these those following below folgende folgenden siguiente suivant seguente dies diese diesen`,
	"of":        `of from to for on about with and the a an in is be von zu der die das de la el le les los las il`,
}

// The marks that stand for what lies between concepts.
const (
	markGap  = "\x00gap"  // words that stand for none
	markStop = "\x00stop" // a sentence begins
)

// gapWords is how many words in a row stand for nothing until that is a mark of its own.
const gapWords = 3

// lexicon tells what words stand for: the hash of the word, and that of its concept, in an open table.
type lexicon struct {
	entries   [lexiconSize]struct{ word, concept uint32 }
	gap, stop words.Word
}

const lexiconSize = 1 << 12

func conceptHash(name string) uint32 {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return (h ^ h>>15) * 0x9e3779b1
}

// theLexicon is built on first use. A word of several concepts stands for the first by name.
var theLexicon = sync.OnceValue(func() *lexicon {
	l := &lexicon{gap: words.Word{Hash: conceptHash(markGap)}, stop: words.Word{Hash: conceptHash(markStop)}}
	for _, name := range slices.Sorted(maps.Keys(concepts)) {
		for word := range strings.FieldsSeq(concepts[name]) {
			for _, h := range words.Hashes(word)[:1] {
				i := h >> (32 - 12)
				for l.entries[i].concept != 0 && l.entries[i].word != h {
					i = (i + 1) % lexiconSize
				}
				if l.entries[i].concept == 0 {
					l.entries[i].word, l.entries[i].concept = h, conceptHash(name)|1
				}
			}
		}
	}
	return l
})

// of is the concept of a word, 0 where it stands for none.
func (l *lexicon) of(word uint32) uint32 {
	for i := word >> (32 - 12); ; i = (i + 1) % lexiconSize {
		e := &l.entries[i]
		if e.concept == 0 || e.word == word {
			return e.concept
		}
	}
}

// Concepts appends what the words of a text stand for, in their order.
func Concepts(list []words.Word, text []words.Word) []words.Word {
	l := theLexicon()
	gap := 0
	for i := range text {
		w := &text[i]
		if w.Flags.Is(words.Sentence | words.Gap) {
			stop := l.stop
			stop.Start, stop.End, stop.Flags = w.Start, w.Start, w.Flags&words.Gap
			list = append(list, stop)
			gap = 0
		}
		c := l.of(w.Hash)
		if c == 0 {
			if gap++; gap == gapWords {
				mark := l.gap
				mark.Start, mark.End = w.Start, w.End
				list = append(list, mark)
			}
			continue
		}
		gap = 0
		list = append(list, words.Word{Hash: c, Start: w.Start, End: w.End})
	}
	return list
}
