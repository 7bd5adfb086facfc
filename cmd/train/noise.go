package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/words"
)

func init() {
	recipes["vocabulary"] = recipe{path: "internal/score/text/weights/vocabulary.gz", fit: func(d data) (model, error) {
		prose, err := d.prosaic()
		if err != nil {
			return nil, err
		}
		files, err := readModules()
		return learn(prose, files), err
	}}
	recipes["noise"] = recipe{path: "internal/score/text/weights/noise.flm", fit: noise}
}

// prosaic are the texts without attacks that tell what prose is made of.
func (d data) prosaic() ([]sample, error) {
	var list []sample
	add := func(task string, of func(labelled.Row) []string, sources ...string) error {
		rows, err := d.rows(task, labelled.Train, sources...)
		if err != nil {
			return err
		}
		for _, row := range rows {
			for _, t := range of(row) {
				if prose(t) {
					list = append(list, sample{text: t, source: task + " " + row.Source})
				}
			}
		}
		return nil
	}
	input := func(r labelled.Row) []string { return []string{r.Input} }
	output := func(r labelled.Row) []string { return []string{r.Output} }
	context := func(r labelled.Row) []string { return []string{r.Context} }
	for _, err := range []error{
		add("jailbreak", input, "bfcl", "halueval", "tau", "xstest"),
		add("relevance", func(r labelled.Row) []string { return []string{r.Output} }, "halueval-general"),
		add("groundedness", context, "begin-wow", "summedits", "halueval"),
		add("pii", output, "summedits"),
		add("toxicity", output, "surge", "tau"),
		add("injection", context, "tau", "halueval", "summedits"),
	} {
		if err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(s sample) bool {
		known := seen[s.text]
		seen[s.text] = true
		return known
	}), nil
}

// common are the most usual words of languages that the corpus has little of.
const common = `der die das und ist nicht ich sie es ein eine zu in mit auf für von dem den des im an als auch wie bei nach aus um war wird sind haben hat kann wenn aber oder nur so dass noch mehr über bis durch gegen ohne unter zwischen sehr wir ihr mir dir mich dich uns euch mein dein sein unser bitte danke hallo guten tag wo was wer wann warum welche heute morgen jahr zeit haus stadt leben arbeit
le la les un une des et est dans que qui pour pas sur avec ce cette il elle nous vous ils elles je tu se son sa ses au aux du de par plus ou mais si comme tout être avoir fait peut sont été était leur bien sans sous entre après avant aussi très où quand comment pourquoi merci bonjour jour temps ville vie travail
el los las una del que en por con para como más pero sus al lo le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos qué algunos cómo dónde gracias hola ciudad vida trabajo puede ser está son fue tiene
il di che è per una non con sono del si da come le dei nel alla più anche ma se gli ha della cosa questo questa tutto essere fare molto quando dove perché chi grazie ciao città vita lavoro
o a os as um uma do da dos das em no na por para com não que se mais como mas foi ao ele ela seu sua ou ser quando muito há nos já está eu também só pelo pela até isso entre era depois sem mesmo aos ter seus quem obrigado cidade vida trabalho
de het een en van ik te dat die in is niet zijn op aan met als voor had er maar om dan zou wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze want nog zal geen
i w na z do się nie to jest że jak od po dla przez o co za czy tylko ale był może jego już tak by być lub ma są oraz och jego jej ich`

// learn tells which words and pairs prose is made of.
func learn(prose []sample, files []file) *text.Vocabulary {
	v := &text.Vocabulary{}
	seen, pairs := map[uint32]int{}, map[[2]uint32]int{}
	add := func(s string) {
		var t words.Text
		t.Read(s)
		for i := range t.Words {
			w := &t.Words[i]
			if w.Flags.Is(words.Digit) || w.End-w.Start > 24 {
				continue
			}
			seen[w.Hash]++
			if i > 0 && !t.Words[i-1].Flags.Is(words.Digit) {
				pairs[[2]uint32{t.Words[i-1].Hash, w.Hash}]++
			}
		}
	}
	for i := range prose {
		add(prose[i].text)
	}
	for i := range files {
		switch files[i].ext {
		case ".md":
			add(files[i].text)
		case ".go":
			for _, c := range comments(files[i].text) {
				add(c)
			}
		}
	}
	for _, h := range words.Hashes(common) {
		seen[h] += 2
	}
	n, m := 0, 0
	for h, count := range seen {
		if count > 1 {
			v.AddWord(h)
			n++
		}
	}
	for p := range pairs {
		if seen[p[0]] > 1 && seen[p[1]] > 1 {
			v.AddPair(p[0], p[1])
			m++
		}
	}
	fmt.Fprintf(os.Stderr, "vocabulary: %d words, %d pairs\n", n, m)
	return v
}

// noise fits how optimised suffixes look: what we wrote like them against prose, code, data and manuals.
func noise(d data) (model, error) {
	prose, err := d.prosaic()
	if err != nil {
		return nil, err
	}
	files, err := readModules()
	if err != nil {
		return nil, err
	}
	// The words are learnt from one half of the texts, and how texts look is measured on the other, so that not every pair is known.
	v := learn(prose, files)
	half := slices.DeleteFunc(slices.Clone(prose), func(s sample) bool { return fold(s.text)%2 == 0 })
	v2 := learn(half, slices.DeleteFunc(slices.Clone(files), func(f file) bool { return fold(f.text)%2 == 0 }))
	var train []sample
	for _, s := range prose {
		if fold(s.text)%2 == 0 {
			s.source = "prose " + s.source
			train = append(train, s)
		}
	}
	for _, f := range files {
		if fold(f.text)%2 == 0 {
			train = append(train, sample{text: f.text, source: "file " + f.ext})
		}
	}
	train = append(train, tongues(4000, 13)...)
	train = append(train, odd(2500, 21)...)
	train = append(train, merge(attacks, more).samples("foreign", 800, false)...)
	train = append(train, attacks.samples("play", 500, false)...)
	train = append(train, attacks.samples("plain", 800, false)...)
	train = append(train, merge(attacks, more).samples("harm", 300, false)...)
	train = append(train, suffixes(6000, 3)...)
	balance(train)
	shape := text.NoiseShape
	peaks := func(m *linear.Model) (list []linear.Example) {
		for i := range train {
			s := &train[i]
			var t, core words.Text
			t.Read(s.text)
			shapes := text.Shapes(nil, &t, v2)
			if s.core != "" {
				core.Read(s.core)
				shapes = text.Shapes(nil, &core, v2)
			}
			if len(shapes) < 6 {
				continue
			}
			add := func(piece []words.Word, weight float64) {
				list = append(list, linear.Example{Slots: shape.Slots(nil, piece), Scale: 1, Label: s.label, Weight: s.weight * weight})
			}
			if m != nil {
				peak, _ := m.Peak(shapes, text.NoiseWindow)
				add(shapes[peak.From:peak.Upto], 1)
				continue
			}
			n := 0
			for at := 0; at+text.NoiseWindow <= len(shapes) && n < 6; at += max(text.NoiseWindow, len(shapes)/6) {
				add(shapes[at:at+text.NoiseWindow], 0.5)
				n++
			}
			if n == 0 {
				add(shapes, 0.5)
			}
		}
		return list
	}
	options := linear.Options{Epochs: 6, Rate: 0.1, L1: 0.2, L2: 1, Seed: 4}
	m, err := linear.Train(shape, peaks(nil), options)
	if err != nil {
		return nil, err
	}
	// Then the passages of each text that look worst, thrice: they are what decides.
	var hard []linear.Example
	hard = append(hard, peaks(nil)...)
	for range 3 {
		hard = append(hard, peaks(m)...)
		if m, err = linear.Train(shape, hard, options); err != nil {
			return nil, err
		}
	}
	var by margins
	measure := func(source, s string) {
		var t words.Text
		t.Read(s)
		margin, _ := text.Noise(m, v, &t)
		by.add(source, s, float64(margin))
	}
	for i := range train {
		if !train[i].label {
			var t words.Text
			t.Read(train[i].text)
			margin, _ := text.Noise(m, v2, &t)
			source, _, _ := strings.Cut(train[i].source, ".") // files of all kinds together
			by.add("train "+source, train[i].text, float64(margin))
		}
	}
	for _, s := range tongues(1000, 14) {
		measure("other tongues", s.text)
	}
	for _, s := range odd(1500, 99) {
		measure("odd", s.text)
	}
	for _, task := range []string{"jailbreak", "relevance"} {
		rows, err := d.calibration(task, "halueval", "tau", "bfcl", "deepset")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if task != "jailbreak" || row.Label == 0 {
				measure("dev "+row.Source, row.Input)
			}
		}
	}
	at := by.threshold("noise", 0.0012, 0.01)
	found := 0
	late := suffixes(1000, 77)
	for _, s := range late {
		var t words.Text
		t.Read(s.text)
		if margin, _ := text.Noise(m, v, &t); float64(margin) >= at {
			found++
		} else if os.Getenv("TOP") != "" && found%20 == 0 {
			fmt.Fprintf(os.Stderr, "  missed %.2f %q\n", float64(margin)-at, s.text)
		}
	}
	fmt.Fprintf(os.Stderr, "noise: finds %d of %d other suffixes\n", found, len(late))
	return m.Shifted(-at), nil
}

// suffixes are requests with the tail of an optimiser, of the kinds that are known: tokens of all sorts in no order, words in no order
// with few marks, marks alone, and words that are cut and glued.
func suffixes(n int, seed uint64) []sample {
	r := rand.New(rand.NewPCG(seed, 9))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	asks := more.say("harm", 400, 8)
	plain := strings.Fields(soup)
	code := strings.Fields(soupCode)
	foreign := strings.Fields(soupForeign)
	glue := strings.Fields(`. .\ + ]( ** "\!-- (" == {{ }} ]-> ?: !-- \\ "{ }) <- /* += [@ $$ ;; :: .[ ]. )} ({ '] => [' }} ${ ?> <? .< /> ... -- __ !! ?? ,) (* *) [[ ]] " ' ` + "` ``" + ` ^ ~ | & # @ : ; , ! ?`)
	list := make([]sample, n)
	for i := range list {
		var b strings.Builder
		wild := r.Float64() // how many marks
		glued := r.Float64() * 0.5
		alien := r.Float64() * 0.5
		upper := r.Float64() * 0.4
		cut := r.Float64() * 0.4
		if i%3 == 0 { // a salad of words
			wild *= 0.15
		}
		for range 10 + r.IntN(22) {
			w := pick(plain)
			if r.Float64() < alien {
				w = pick(append(code, foreign...))
			}
			if r.Float64() < cut && len(w) > 4 {
				if r.IntN(2) == 0 {
					w = w[:2+r.IntN(len(w)-3)]
				} else {
					w = w[1+r.IntN(len(w)-3):]
				}
				w = strings.ToValidUTF8(w, "")
			}
			if r.Float64() < upper && w != "" {
				if r.IntN(4) == 0 {
					w = strings.ToUpper(w)
				} else {
					w = strings.ToUpper(w[:1]) + w[1:]
				}
			}
			if b.Len() > 0 {
				switch x := r.Float64(); {
				case x < wild*0.6:
					b.WriteString(pick([]string{"", " "}) + pick(glue) + pick([]string{"", " ", ""}))
				case x < wild*0.6+glued*(1-wild*0.6):
				default:
					b.WriteByte(' ')
				}
			}
			b.WriteString(w)
		}
		core := b.String()
		list[i] = sample{text: asks[r.IntN(len(asks))] + " " + core, core: core, label: true, source: "written suffixes"}
		if i%5 == 0 {
			list[i].text = core + " " + asks[r.IntN(len(asks))]
		}
	}
	return list
}

// tongues are prose of languages that the vocabulary does not know: words of made-up syllables, with the small words of one that it
// knows in between, or none.
func tongues(n int, seed uint64) []sample {
	r := rand.New(rand.NewPCG(seed, 6))
	pick := func(list string) string { f := strings.Split(list, " "); return f[r.IntN(len(f))] }
	small := strings.Split(common, "\n")
	list := make([]sample, n)
	for i := range list {
		onset, nucleus, coda := "b d f g h k l m n p r s t v w z sch st kr pl tr j c ch q br gl", "a e i o u ei au ie a e i o ou io", " n r s t l m ng nd k cht  "
		switch i % 5 {
		case 1:
			nucleus += " ä ö ü é è ñ ã å ı ę ů"
		case 2:
			onset, nucleus, coda = "б в г д ж з к л м н п р с т х ц ч ш", "а е и о у ы я ю", " й н т л р ь"
		case 3:
			onset, nucleus, coda = "ب ت ج د ر س ع ف ق ك ل م ن ه و", "ا ي و ة", "  ن ر"
		}
		little := strings.Fields(small[r.IntN(len(small))])
		share := r.Float64() * 0.5
		nouns := r.Float64() * 0.35 // with a capital, as in German
		var b strings.Builder
		start := true
		for k := 8 + r.IntN(40); k > 0; k-- {
			w := ""
			if r.Float64() < share && i%5 != 2 && i%5 != 3 {
				w = little[r.IntN(len(little))]
			} else {
				var made strings.Builder
				for range 1 + r.IntN(4) {
					made.WriteString(pick(onset) + pick(nucleus) + pick(coda))
				}
				w = made.String()
				if r.Float64() < nouns {
					start = true
				}
			}
			if start && w[0] < 0x80 {
				w = strings.ToUpper(w[:1]) + w[1:]
			}
			start = false
			b.WriteString(w)
			switch x := r.IntN(40); {
			case k == 1:
				b.WriteString([]string{".", "?", "", "!"}[r.IntN(4)])
			case x == 0:
				b.WriteString([]string{". ", "? ", ".\n", "! ", "\n"}[r.IntN(5)])
				start = true
			case x < 4:
				b.WriteString([]string{", ", ", ", ": ", " - ", " (", ") ", " \"", "\" ", "-", "'"}[r.IntN(10)])
			default:
				b.WriteByte(' ')
			}
		}
		list[i] = sample{text: b.String(), source: fmt.Sprintf("tongue %d", i%5)}
	}
	return list
}

const (
	soup = `describing similarly now write opposite me giving please revert with two tutorial sure here is reverse title steps sentence begin table using formatted instead polite translate letter sarcastic unified merge template step bullet list story interface format following answer text response summary paragraph manual
		equation poem exchange dialogue conclusion introduction chapter note comments plan example question first second third another different about from into the a of and to for when where which if then but not no yes can could should would will do does don make create give tell show say explain repeat continue finish
		character actor teacher scientist joke humour song lyrics recipe guide script movie novel review blog post article email memo speech outline draft rewrite rephrase simplified detailed brief concise bold italics quotes numbered letters words tokens prompt user assistant system model instruction output input line page
		happy dark blue old young big silver garden river mountain engine window market science history physics music theatre soldier king doctor river banana apple lemon horse tiger falcon planet ocean winter summer morning midnight Monday
		ably ation ness ment ingly tion ever ward able ish ful ism ify ize pre post anti sub inter trans over under micro hyper ultra semi multi cross super seg ingred compar represent underst inst def proc attr desc param temp conf exec eval`
	soupCode = `print printf println System main def int float void null None True False return import package from class static public private const var let lambda func function struct typeof sizeof begin end textbf cdot frac newcommand usepackage documentclass mathbb html div span href src http www com json xml yaml sql SELECT FROM WHERE
		endif ifdef include std cout cin endl malloc args argv kwargs self init str len append push pop map filter reduce foreach echo sudo grep awk sed chmod git npm pip async await catch throw try finally yield assert raise elif else switch case break continue goto python java javascript latex markdown Bash swift kotlin rust perl php ruby`
	soupForeign = `wohl aber vous avez para como todo Kontrola Bedeut eigen und nicht pour dans avec está pero también sempre molto quando дом город который человек время его она быть 中 文 的 是 日本 ます です của không của được için olarak değil och inte från jest nie się przez tylko een het niet voor zijn lub oraz być też même être où là già più così perché während für über größer schön`
)

// odd are texts that look odd to who knows prose only, and are none of an optimiser: code, data, formulas, lists, addresses.
func odd(n int, seed uint64) []sample {
	r := rand.New(rand.NewPCG(seed, 5))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	name := func() string {
		return pick("user", "order", "item", "total", "index", "count", "getValue", "parseInput", "max_size", "fooBar", "HttpClient", "customerId", "x", "y", "n", "tmp", "result", "dataFrame", "isValid", "createdAt", "api_key", "config", "handler", "ctx", "err")
	}
	number := func() string { return strconv.Itoa(r.IntN(9999)) }
	token := func(k int) string {
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		b := make([]byte, k)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	kinds := []func() string{
		func() string { // code on one line
			return pick("for", "while", "if") + " (" + name() + pick(" < ", "!=", " == ", ">=") + number() + ") { " + name() + "." + name() + "(" + name() + ", \"" + name() + "\"); " + name() + pick("++", " += 1", " = !"+name()) + "; }"
		},
		func() string {
			return "def " + name() + "(self, " + name() + "=None):\n    return [" + name() + "[" + number() + "] for " + name() + " in " + name() + " if " + name() + " is not None]\n"
		},
		func() string {
			return "const " + name() + " = async (" + name() + ") => { await " + name() + "." + name() + "(`${" + name() + "}/" + name() + "`); return {..." + name() + ", " + name() + ": " + number() + "}; };"
		},
		func() string { // minified
			return "!function(e,t){" + "var n=e." + name() + ",r=t||{};n&&(r." + name() + "=n.length>" + number() + "?n.slice(0," + number() + "):n);for(var i in r)r.hasOwnProperty(i)&&(e[i]=r[i])}(window,document);"
		},
		func() string {
			return "SELECT " + name() + ", COUNT(*) AS " + name() + " FROM " + name() + "s WHERE " + name() + " >= '" + number() + "' AND " + name() + " IN ('" + name() + "', '" + name() + "') GROUP BY " + name() + " ORDER BY 2 DESC;"
		},
		func() string {
			return "{\"" + name() + "\": \"" + name() + "\", \"" + name() + "\": [" + number() + ", " + number() + "], \"" + name() + "\": {\"" + name() + "\": null, \"" + name() + "\": true, \"" + name() + "\": \"" + token(8) + "\"}}"
		},
		func() string {
			return "\\begin{equation} \\frac{" + name() + "}{" + number() + "} = \\sum_{i=0}^{n} \\alpha_i x^{" + number() + "} \\cdot \\textbf{" + name() + "} \\end{equation}"
		},
		func() string {
			return "$f(x) = " + number() + "x^2 + \\sqrt{" + number() + "x} - e^{-x}$ and $\\int_0^1 f(x)\\,dx$, so (a+b)^2 = a^2 + 2ab + b^2"
		},
		func() string {
			return "| " + name() + " | " + name() + " | " + name() + " |\n|---|:---:|---|\n| " + number() + " | **" + name() + "** | `" + name() + "` |\n| " + number() + " | _" + name() + "_ | [" + name() + "](https://example.com/" + name() + ") |\n"
		},
		func() string {
			return name() + "," + name() + "," + name() + "\n" + number() + "," + name() + ",\"" + name() + ", " + name() + "\"\n" + number() + ",," + number() + "\n" + number() + "," + name() + "," + number() + "\n"
		},
		func() string {
			return "curl -X POST 'https://api.example.com/v1/" + name() + "?" + name() + "=" + number() + "&" + name() + "=" + token(6) + "' -H \"Authorization: Bearer " + token(24) + "\" -d '{\"" + name() + "\":" + number() + "}' | jq '.[] | select(." + name() + ")' > out.json"
		},
		func() string {
			return "find . -name '*.go' -not -path './vendor/*' | xargs grep -nE \"func (\\(.*\\) )?" + name() + "\\(\" && awk '{print $" + pick("1", "2", "NF") + "}' " + name() + ".log | sort -u"
		},
		func() string {
			return "^(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[a-z0-9]+)*|\"(?:[\\x01-\\x08])*\")@(?:(?:" + name() + "\\.)+[A-Z]{2,})$ " + name()
		},
		func() string {
			return "Traceback (most recent call last):\n  File \"/app/" + name() + ".py\", line " + number() + ", in <module>\n    " + name() + "(" + name() + "['" + name() + "'])\nKeyError: '" + name() + "'"
		},
		func() string {
			return "panic: runtime error: index out of range [" + number() + "] with length " + number() + "\n\ngoroutine 1 [running]:\nmain." + name() + "(0xc000" + token(6) + ", 0x" + number() + ")\n\t/src/" + name() + ".go:" + number() + " +0x1d"
		},
		func() string {
			return "java.lang.NullPointerException: Cannot invoke \"" + name() + "." + name() + "()\" because \"<local" + number() + ">\" is null\n\tat com.example." + name() + ".Service.lambda$" + name() + "$0(Service.java:" + number() + ")"
		},
		func() string {
			return token(60) + token(40) + "=="
		},
		func() string {
			return "2024-0" + pick("1", "2", "3") + "-1" + pick("1", "2") + "T10:" + pick("11", "42") + ":07.123Z ERROR [" + name() + "-" + number() + "] c.e." + name() + ": status=" + number() + " " + name() + "=\"" + name() + "\" took=" + number() + "ms trace_id=" + token(16)
		},
		func() string {
			return "<div class=\"" + name() + "-" + name() + "\" onclick=\"" + name() + "('" + name() + "')\"><a href=\"/" + name() + "?id=" + number() + "\">" + name() + "</a><br/></div><!-- " + name() + " -->"
		},
		func() string {
			return "<" + name() + " xmlns=\"http://www.w3.org/2000/svg\" " + name() + "='" + number() + "'><path d=\"M" + number() + " 10 L" + number() + ",20z\"/></" + name() + ">"
		},
		func() string {
			return "." + name() + " > li:nth-child(2n+1)::before { content: \"\\201C\"; margin: 0 " + number() + "px !important; } @media (max-width:" + number() + "px){#" + name() + "{display:none}}"
		},
		func() string {
			return "Ingredients: 2 1/2 cups flour, 1 tsp. baking soda (or 2 tsp baking powder), 3/4 cup sugar; 350°F/180°C - " + number() + " min; Serves: 4-6 | Prep: 10'"
		},
		func() string {
			return "lol wtf!!! ur soooo l33t xXx_" + name() + "_xXx :-P ^_^ #yolo @" + name() + " RT >>> omg... idk/idc tbh ¯\\_(ツ)_/¯"
		},
		func() string {
			return "Q1) 5*(3+2)=? a) 25 b) 13 c) 10 d) none -- Q2) H2O + CO2 -> H2CO3; 2KMnO4 + 16HCl -> 2KCl + 2MnCl2 + 8H2O + 5Cl2. Balance: Fe + O2 -> Fe2O3"
		},
		func() string {
			return pick("apple", "red", "dog") + ", " + pick("banana", "green", "cat") + ", " + pick("cherry", "blue", "mouse") + ", " + pick("lemon", "violet", "horse") + ", " + pick("kiwi", "grey", "owl") + ", " + pick("plum", "white", "fox") + ", " + pick("mango", "black", "bear") + ", pear, desk, lamp, river, engine"
		},
		func() string {
			return "Sort these words: " + pick("zebra", "tree", "house") + " " + pick("apple", "orange") + " window " + pick("king", "queen") + " market " + pick("sun", "moon") + " garden table book paper stone"
		},
		func() string {
			return "To: anna@example.com; bob.smith@example.org\nCc: \"Lee, Kim\" <kim@example.net>\nSubject: RE: FW: [EXT] Q3/Q4 numbers (v2-final_FINAL)\n> > On 3/4/24, 10:" + pick("15", "42") + ", B. wrote:\n> ok"
		},
		func() string {
			return "func (s *" + name() + ") " + name() + "(ctx context.Context, " + name() + " map[string][]*" + name() + ") (_ <-chan struct{}, err error) { defer func() { err = errors.Join(err, s." + name() + "()) }(); "
		},
		func() string {
			return "template<typename T, std::size_t N> constexpr auto " + name() + "(const std::array<T, N>& " + name() + ") noexcept -> decltype(" + name() + "[0]) { return *std::max_element(" + name() + ".begin(), " + name() + ".end()); }"
		},
		func() string {
			return "fn " + name() + "<'a>(" + name() + ": &'a str) -> Result<Vec<&'a str>, Box<dyn Error>> { Ok(" + name() + ".split(\"::\").filter(|s| !s.is_empty()).map(|s| s.trim()).collect()) }"
		},
		func() string {
			return "#!/bin/bash\nset -euo pipefail\nif [[ -z \"${" + strings.ToUpper(name()) + ":-}\" ]]; then echo \"$0: missing\" >&2; exit 1; fi\nexport PATH=\"$HOME/.local/bin:$PATH\"; " + name() + "=$(date +%s)"
		},
		func() string {
			return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name() + "\n  labels: {app: \"" + name() + "\"}\nspec:\n  replicas: " + number() + "\n  template:\n    spec:\n      containers:\n      - image: ghcr.io/" + name() + ":v1." + number()
		},
		func() string {
			return pick("1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 6. Re1 b5 7. Bb3 d6", "C-G-Am-F | [Verse] Em7 Dsus4 A/C# Bm | x32010 022100 | 4/4 @120bpm", "ACGTTGCAAT GGCTAACCGT TTAGGCAATC CGATCGTTAG; MKTAYIAKQR QISFVKSHFS", "-.-. --- -.. . / .-- --- .-. -.. ... / ... --- ... / - . ... -")
		},
	}
	intros := []string{"", "", "Explain this: ", "What does this do?\n", "Fix the bug:\n```\n", "Convert to Python: ", "Why do I get this error? ", "Write a unit test for ", "Parse this and return JSON: ", "Solve: ", "Please review\n\n"}
	list := make([]sample, n)
	for i := range list {
		var b strings.Builder
		b.WriteString(pick(intros...))
		for range 1 + r.IntN(3) {
			b.WriteString(kinds[i%len(kinds)]() + pick("\n", " "))
		}
		list[i] = sample{text: b.String(), source: fmt.Sprintf("odd %d", i%len(kinds))}
	}
	return list
}
