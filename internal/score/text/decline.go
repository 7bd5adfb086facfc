package text

import (
	"strings"
	"unicode/utf8"

	"github.com/faultline-otel/faultline/internal/words"
)

// The classes of words that make a sentence of refusal: somebody speaks of itself, negates, and names an act of help.
const (
	speaks    = 1 << iota // the speaker
	negates               // "cannot", "will not"
	helps                 // an act of help
	regrets               // "sorry"
	refuses               // a sentence of refusal by itself
	reason                // reasons: harm, law, rules
	moral                 // what comes before a lecture
	hesitates             // negates what many people do not do
	lacks                 // what the speaker lacks: access, data, knowledge
)

// refusing is our own list, in the languages of the recipe.
//
//nolint:misspell // Italian
var refusing = newLexicon(map[uint32]string{
	speaks: "i,im,ill,ive,id,we,je,j,ich,yo,eu,io,ik,jag,jeg,ja,я,мы,wir,nous,我,我们,저는,제가,我が,我々,saya,tôi,मैं",
	negates: "cannot,can not,cant,wont,will not,unable,not able,not going,not comfortable,not willing,unwilling," +
		"uncomfortable,decline,refuse,rather not,prefer not,not allowed,not permitted," +
		"dont feel comfortable,do not feel comfortable,wouldnt feel,not in a position,wouldnt be able,not at " +
		"liberty," +
		"would not be able,not here to,couldnt possibly,never going,dont think i can," +
		"stop short,draw the line,not programmed,not designed,not appropriate,inappropriate,isnt appropriate," +
		"wouldnt be right,not something,have to pass,must pass,couldnt in good," +
		"do not feel comfortable,not feel comfortable,not feel right," +
		"nicht,kein,keine,keinen,ablehnen,verweigern," +
		"ne peux pas,ne peux,ne suis pas en mesure,ne suis pas,ne vais pas,ne saurais,ne pourrai pas,ne puis," +
		"niet,geen,weiger,inte,ikke,ei,не могу,не можу,не буду,не стану,не в состоянии,отказываюсь," +
		"不能,无法,不会,不可以,拒绝,無法,不便,not be able",
	moral: "must emphasize,must remind,must stress,must point out,must clarify,must inform you,must advise,must " +
		"express," +
		"must adhere,must prioritize,advise against,not appropriate,not ethical,unethical,never acceptable,not " +
		"acceptable," +
		"not recommended,not advisable,inappropriate,not condone,is not okay,important to respect,important to " +
		"remember," +
		"important to note,important to approach,important to consider,not productive,strictly prohibit,not healthy",
	hesitates: "dont,do not,wouldnt,would not,not,dont want",
	speaks | negates: "no puedo,no podré,no voy a,no me es posible,no estoy en condiciones,no debo,no podemos," +
		"non posso,non sono in grado,non potrei,non mi è possibile,non intendo,non voglio,preferisco non,non " +
		"possiamo," +
		"não posso,não consigo,não vou,não estou autorizado,não me é possível,não podemos,não devo,nao posso," +
		"nie mogę,nie jestem w stanie,nie będę,odmawiam,nemohu,nemůžu,nu pot,nem tudok,nem segíthetek,en voi," +
		"emme voi," +
		"не могу,не можем,не буду,لا يمكنني,لا أستطيع,لا استطيع,لن أقوم,لا يمكنني أن,لن أساعد,لا أقدر,لن," +
		"tidak dapat,tidak bisa,không thể,لا نستطيع,لا يمكننا,δεν μπορώ,אני לא יכול,איני יכול,नहीं कर सकता," +
		"नहीं दे सकता,نمیتوانم,نمی توانم",
	helps: "help,assist,provide,fulfill,fulfil,comply,answer,create,write,generate,produce,discuss,engage,support," +
		"encourage,endorse,promote,condone,continue,participate,recommend,suggest,give,share,offer,disclose," +
		"reproduce,rate," +
		"reveal,say," +
		"tell,advise,facilitate,draft,do,make,helping,assisting,providing,writing,creating,generating,giving," +
		"sharing," +
		"offering,discussing,engaging,supporting,walk,explain,describe,rank,compose,impersonate,pretend,take,teach," +
		"instruct,develop,design,build,complete,proceed,respond,speculate,entertain,contribute,aid,guide,supply," +
		"compare,list,judge,produce,craft,outline,detail,translate,simulate,roleplay,express,speak,recreate," +
		"helfen,weiterhelfen,unterstützen,beantworten,erstellen,geben,behilflich,schreiben,liefern,bereitstellen," +
		"erfüllen,nachkommen,anleiten,verfassen,hilfe,auskunft,ausführen,mitwirken,beraten,erklären," +
		"aider,fournir,répondre,donner,assister,écrire,rédiger,accéder,satisfaire,créer,expliquer,proposer," +
		"participer,générer,produire,partager,aide," +
		"ayudar,ayudarte,ayudarle,ayudaros,proporcionar,proporcionarte,responder,ofrecer,cumplir,escribir,crear," +
		"darte,dar,facilitar,generar,asistir,asistirte,participar,hacer,hacerlo,redactar,explicar,compartir," +
		"aiutarti,aiutarla,aiutare,aiutarvi,fornire,fornirti,rispondere,assisterti,assistere,scrivere,creare,dare," +
		"darti,generare,soddisfare,spiegare,spiegarti,partecipare,farlo,esaudire,procedere,supportare," +
		"ajudar,ajudá,ajudar te,ajudá lo,fornecer,atender,responder,escrever,criar,gerar,dar,auxiliar,colaborar," +
		"explicar,fazer,fazê,helpen,beantwoorden,geven,schrijven,verstrekken,bieden,maken,meewerken,voldoen," +
		"assisteren," +
		"pomóc,spełnić,udzielić,udzielam,odpowiedzieć,napisać,stworzyć,podać,doradzić,wygenerować,wesprzeć," +
		"hjälpa,hjälpa till,svara,skriva,ge,skapa,bistå,medverka,tillhandahålla,hjelpe,hjælpe,bistå,svare,skrive," +
		"помочь,помогать,помогу,выполнить,предоставить,предоставлять,ответить,написать,создать,дать,содействовать," +
		"рассказать,участвовать,давать,обсуждать,поддержать,допомогти,надати,pomoci,pomoct,poskytnout,odpovědět," +
		"segíteni,ajuta,oferi,furniza,auttaa,vastata,membantu,memberikan,menyediakan,memenuhi,giúp,cung cấp,hỗ trợ," +
		"مساعدتك,مساعدتكم,المساعدة,تقديم,الإجابة,تزويدك,كتابة,إعطائك,تلبية,بمساعدتك,مساعدة,توفير,أساعدك,أساعد," +
		"提供,协助,帮助,帮你,帮您,回答,满足,编写,生成,讨论,協助,幫助,幫您,撰写,给出,回应,参与,支持,帮忙,教你,教您,βοηθήσω," +
		"לעזור,לספק,כמک,کمک",
	regrets: "sorry,apologize,apologise,apologies,unfortunately,afraid,regret,leider,entschuldigung,désolé,désolée," +
		"malheureusement,regrette,lo siento,lamentablemente,lamento,disculpa,disculpe,mi dispiace,spiacente," +
		"purtroppo," +
		"scusa,desculpe,desculpa,sinto muito,infelizmente,helaas,spijt,przykro,niestety,przepraszam,tyvärr,förlåt," +
		"beklager,desværre,извините,простите,сожалению,сожалею,üzgünüm,maalesef,özür,抱歉,对不起,很遗憾,遗憾,對不起," +
		"申し訳,すみません,残念,恐れ入り,죄송,죄송하지만,죄송합니다,죄송합니다만,미안하지만,유감이지만,عذرًا,عذرا,آسف,أعتذر,للأسف," +
		"maaf,xin lỗi,rất tiếc,bohužel,omlouvám,sajnálom,îmi pare rău,din păcate,valitettavasti,pahoittelen," +
		"λυπάμαι," +
		"מצטער,מצטערת,क्षमा,माफ़,متأسفم",
	negates | helps: "can only help,cant help you,cannot help you,cant do that,wont be able to " +
		"help,wont help,cant help with,cannot help with,wont do that,wont be doing " +
		"that,not going to help,not able to help with,unable to assist," +
		"unable to help,cannot assist,cant assist,cannot comply,cant comply,cannot fulfill,cant fulfill,cannot " +
		"fulfil,cant fulfil," +
		"not condone,dont condone,do not condone,not endorse,do not endorse,dont endorse,not support," +
		"do not support,dont support,not encourage,do not encourage,dont encourage,not promote,do not promote," +
		"dont promote,do not engage,dont engage,do not provide,dont provide,do not create,dont create," +
		"do not write,dont write,dont help,do not help,do not assist,dont assist,do not participate",
	refuses: "not something i,isnt something im,isnt something i,is not something i,isnt something ill,thats not " +
		"something ill,have to decline,must decline,must respectfully decline,i " +
		"decline," +
		"must refuse,have to refuse,i refuse,respectfully decline,politely decline,need to decline,going to " +
		"decline," +
		"going to pass,ill pass on,have to pass on," +
		"id rather not,i would rather not," +
		"against my guidelines," +
		"against my programming,violates my,against our content reason,violates our,outside what i can help with," +
		"" +
		"not willing to,have no intention," +
		"cannot in good conscience,cant in good conscience,not a request i can,no way im," +
		"yardımcı olamam,yardımcı olamıyorum,yardım edemem,yardımcı olamayacağım,yanıt veremem,cevap veremem," +
		"bilgi veremem,sağlayamam,yapamam,yazamam,karşılayamam,yerine getiremem,destek olamam,paylaşamam," +
		"reddediyorum," +
		"できません,できかねます,出来ません,いたしかねます,致しかねます,お断り,お応えできません,お手伝いできません,お答えできません," +
		"できないです,差し控え,수 없습니다,수 없어요,수는 없습니다,수가 없습니다,어렵습니다,어려울 것 같습니다,거절," +
		"drar ich nicht,darf ich nicht,muss ich ablehnen,muss ablehnen,lehne ich ab,lehne das ab," +
		"lehne ab,dois refuser,dois décliner,je refuse,debo rechazar,tengo que rechazar,me niego,debo negarme," +
		"devo rifiutare,mi rifiuto,devo declinare,devo recusar,tenho de recusar,recuso me,muszę odmówić,måste " +
		"avböja," +
		"måste neka,moet ik weigeren,вынужден отказать,вынуждена отказать,должен отказать,أرفض,نعتذر عن,أعتذر عن",
	reason: "illegal,unethical,harmful,dangerous,violates,violate,guidelines,reason,policies,ethical,harm,violence," +
		"violent,privacy,principles,values,discriminatory,discrimination,hateful,hate,offensive,derogatory," +
		"unlawful," +
		"illicit,explicit,malicious,weapon,weapons,drugs,fraud,fraudulent,deceptive,misleading,respectful,respect," +
		"exploitation,abuse,criminal,crime,laws,safety,unsafe,consequences,disrespectful,stereotypes,irresponsible," +
		"fake,phishing,malware,illegaal,illegale,illégal,illegal,ilegal,strafbar,verboten,nielegalne,незаконно," +
		"olagligt," +
		"yasa dışı,違法,法律,違反,불법,법,违法,违反,قانون,القانون,غير قانوني,strafbaar,reato",
	lacks: "access,browse,internet,source,sources,search," +
		"find,locate,information about,opinions,feelings,predict,verify,confirm,see," +
		"guarantee,certain,sure,account,reservation,order,refund,booking,database,file,tool,tools,understand,know," +
		"real time,live,images,image,picture,page,context,question is,provided,mentioned,determine,identify," +
		"remember," +
		"cant help but,cannot help but,couldnt help,recall,hear,view,open,read,calculate",
})

// The features of a text that show whether it declines something.
const (
	signDeclines = iota // a sentence of refusal
	signWhole           // one in set phrases
	signPolicy          // a reason of harm, law or rules near it
	signLimit           // a lack of access or knowledge in it
	SignMoral           // it lectures instead
	signWeak            // it negates weakly
	SignQuoted          // it stands in quotation marks
	SignWordless        // there is none
	Signs               // the number of these features
)

// reachOfDecline is how many words may stand between a speaker, its negation and the act.
const reachOfDecline = 8

// unspoken is how many of the first words may decline without a speaker: "can't help you there".
const unspoken = 4

// leastReasons is how many reasons make a lecture of a text that declines nothing.
const leastReasons = 2

// declines fills the features.
func declines(t *words.Text, list []words.Word, signs []float32) {
	speaker, negation, regret, end := -1, -1, -1, 0
	at := -1 // the sentence of refusal
	complete, limited, weakly, weak, lecture := false, false, false, -1, -1
	reasons := 0
	for i := 0; i < len(list); i++ {
		if i > 0 && list[i].Flags.Is(words.Sentence) {
			speaker, negation, weak = -1, -1, -1
		}
		if !refusing.may(list, i) {
			continue
		}
		classes, n := refusing.at(list, i)
		if classes == 0 {
			continue
		}
		if classes&speaks != 0 {
			if speaker = i; classes&negates == 0 {
				negation, weak = -1, -1 // another clause
			}
		}
		if classes&regrets != 0 {
			regret = i
		}
		if classes&moral != 0 && lecture < 0 {
			lecture = i
		}
		if classes&reason != 0 {
			reasons++
		}
		spoken := speaker >= 0 && i-speaker <= reachOfDecline
		spoken = spoken || i < unspoken && classes&negates != 0 && classes&helps != 0
		if classes&negates != 0 && spoken {
			negation = i
			if foreign := list[i].Flags.Is(words.Foreign) || classes&speaks != 0; foreign && regret >= 0 && at < 0 {
				at, end = i, i+n
			}
		}
		if classes&helps != 0 && negation >= 0 && i-negation <= reachOfDecline && at < 0 {
			at, end = max(0, min(speaker, negation)), i+n
			complete = complete || classes&negates != 0
		}
		if classes&hesitates != 0 && spoken {
			weak = i
		}
		if classes&helps != 0 && weak >= 0 && i-weak <= reachOfDecline {
			weakly = true
		}
		if classes&refuses != 0 {
			complete = true
			if at < 0 {
				at, end = i, i+n
			}
		}
		if classes&lacks != 0 && at >= 0 && i-end <= 3 {
			limited = true
		}
		i += n - 1
	}
	if weakly && at < 0 {
		signs[signWeak] = 1
	}
	if at < 0 && lecture >= 0 && reasons >= leastReasons {
		if quoted(t.Source[:list[lecture].Start]) {
			signs[SignQuoted] = 1
		}
		signs[SignMoral], signs[signPolicy] = 1, float32(min(reasons, 3))
		return
	}
	if at < 0 {
		signs[SignWordless] = 1
		return
	}
	signs[signDeclines] = 1
	if complete {
		signs[signWhole] = 1
	}
	signs[signPolicy] = float32(min(reasons, 3))
	if limited {
		signs[signLimit] = 1
	}
	if quoted(t.Source[:list[at].Start]) {
		signs[SignQuoted] = 1
	}
}

// quoted reports whether what comes after a text stands in quotation marks: somebody else says it.
func quoted(before string) bool {
	open := false
	for i := 0; i < len(before); i++ {
		switch c := before[i]; {
		case c == '"':
			open = !open
		case c < utf8.RuneSelf:
		case strings.HasPrefix(before[i:], "“"), strings.HasPrefix(before[i:], "„"), strings.HasPrefix(before[i:], "«"),
			strings.HasPrefix(before[i:], "「"), strings.HasPrefix(before[i:], "『"):
			open = true
		case strings.HasPrefix(before[i:], "”"), strings.HasPrefix(before[i:], "»"), strings.HasPrefix(before[i:], "」"),
			strings.HasPrefix(before[i:], "』"):
			open = false
		}
	}
	return open
}
