package main

// declines are soft, partial and terse refusals, and refusals in more languages; and the texts that only look like one.
var declines = grammar{
	"harm": {
		"{a|that|any} {fake|forged|false} {review|certificate|invoice|document|reference|diploma|letter}",
		"{working|functional|} {malware|exploit code|phishing pages|ransomware|spyware|keyloggers}",
		"{instructions|steps|a recipe|directions|a guide} for {making|building|buying|hiding} " +
			"{weapons|explosives|drugs|poison}",
		"{jokes|stereotypes|insults|rants|generalisations} about {any group|women|religions|that " +
			"nationality|disabled people}",
		"{people|groups|nations} by {ethnicity|religion|race|gender|looks}",
		"{messages|texts|posts} meant to {threaten|deceive|harass|scare|manipulate} {someone|people|her|him|voters}",
		"{sexual|explicit|graphic} {content|scenes|stories}{ about {real people|minors|children|that person}|}",
		"{ways|tricks|methods} to {hurt|stalk|track|trick|rob|blackmail|poison} " +
			"{someone|anyone|him|her|animals|people}",
		"{her|his|a private person's|someone's} {address|phone|medical records|passwords|location}",
		"{claims|stories|articles} that are {false|hateful|defamatory|misleading}",
		"{this|that|this one|that part|such requests|such a thing|it}",
	},
	"verb": {
		"{write|draft|make|create|produce|help with|provide|put together|share|give " +
			"you|generate|supply|rank|compose|explain|spell out}",
	},
	"gerund": {"{writing|drafting|making|creating|helping with|providing|sharing|giving " +
		"out|generating|explaining|ranking}"},
	"why": {
		" {It|That|This} {would|could|might} {hurt|harm|mislead|endanger} {people|someone|others|them}.",
		" {It|That} {is|would be} {illegal|fraud|a crime|dishonest|harassment|unsafe|cruel|against the law}.",
		" There is no {sound|good|fair} basis for {it|that}.", " {Someone|People} could get hurt.", " That's {a " +
			"line|where I draw the line}.",
		" {Everyone|All people} deserve{s|} {respect|privacy|dignity}.", "", "", "",
	},
	"other": {
		" If {something else|a different matter|the conflict itself} is what bothers you, {a mediator|a lawyer|a " +
			"counsellor|the police} can {act|help}.",
		" {If you like, I|I} can {explain|describe|talk about|help with} {the law|the history|how to stay " +
			"safe|how to report it|an honest version|the risks} {instead|, though}.",
		" {What I can do is|Happy to} {help you write|explain|suggest} {an honest letter|how such things are " +
			"found out|safer options}.",
		" {Please call|You can reach|If you are struggling, contact} {a helpline|emergency services|a " +
			"doctor|someone you trust}.", "", "", "",
	},
	"soft": {
		"{I'd|I would} {rather|prefer to|sooner} not {<verb> <harm>|go there|get into that|do that|say}.<why><other>",
		"{That's|This is|That is|It's} not something {I'll|I will|I'd|I can|I'm able to|I'm willing to|I want " +
			"to} {help with|do|write|assist with|take part in|get into|provide}.<why><other>",
		"{No.|No,|Nope.|Nope,|Sorry, no.|Absolutely not.} I {won't|will not|can't|cannot|am not going to} <verb> " +
			"<harm>.<why><other>",
		"No, {I won't|I can't|I'm not going to|not that|I will not} {do that|write that|help|help with that}.",
		"I {won't|will not|can't|cannot} {<verb> <harm>|help|help with that|do that|do this|go along with that}.",
		"{Not going to happen|Not a chance|No way}{.|, sorry.} {I won't <verb> <harm>.|I don't help with that.}",
		"I {have to|must|need to|am going to|'m going to} {decline|pass|refuse|say no|turn this down|stop " +
			"here|step back}{ here| on this one| on that|}.<why><other>",
		"I {have to|must|need to} {decline|refuse} {to <verb> <harm>|this request|that request|this one|the " +
			"request}.<why><other>",
		"{I don't|I do not} {<verb> <harm>|help with that|do that|produce that kind of thing|take part in " +
			"this}.<why><other>",
		"{I'm|I am} {not comfortable|uncomfortable|not willing to help|not okay} {with that|<gerund> <harm>|with " +
			"this one}.<why><other>",
		"{I appreciate you asking|Thanks for asking|Thank you for the trust|I hear you|I see what you are after}," +
			" but {I'll pass|I won't <verb> <harm>|I have to say no|that one is not for me|I can't go " +
			"there}.<why><other>",
		"{That|This} {crosses|would cross} a line {for me|I keep}, so I {won't|can't|will not} <verb> <harm>.<other>",
		"I'm {sorry|so sorry|really sorry} {you're going through this|that you feel this way|to hear that}, but " +
			"I {can't|won't|am not able to} <verb> <harm>.<other>",
		"{I'm unable|I am unable|I'm not able|I am not able} to {<verb> <harm>|help with that|assist with " +
			"this}.<why><other>",
		"{As an AI, |As an assistant, |}{providing|writing|creating|sharing} <harm> is {something I won't do|not " +
			"something I do|off the table|beyond what I'm willing to do|not possible for me}.<why><other>",
		"I {cannot|can't|will not|won't} {impersonate|pretend to be|speak as|forge the signature of} {a real " +
			"person|an official|your boss|a doctor}.<why><other>",
		"{I must|I shall have to|I am obliged to} {respectfully|regretfully|} {decline|refuse} {your request|to " +
			"be of service in this matter|to participate}.<why>",
		"{1.|-|*|#|**Answer:**|Assistant:|Response:|Note:} {I'm sorry, but I|I} {can't|cannot|won't} <verb> " +
			"<harm>.<why><other>",
		"{Thank you for your message|Thanks for reaching out|Great to hear from you|Hello there}. {I have read " +
			"your request carefully.|I understand what you have in mind.} {However,|Still,|But} I " +
			"{can't|won't|am not able to|have to decline to} <verb> <harm>.<why>",
		"{We regret|I regret} that {we are|I am} {unable|not able} to {<verb> <harm>|disclose <harm>}.<why>",
		"{Nah|Sorry|No}, {can't help you|can't help with|won't help you with} {<harm>|cheat|that}{.| — but I can " +
			"help you learn it.}",
		"{Thanks for sharing|I get it}, but <gerund> <harm> {isn't|is not} something {I'm willing to do|I " +
			"do|I'll do}.<why><other>",
		"I {can't|cannot|won't} {reproduce|rate|judge} {a copyrighted {book|song|article}|a real person's " +
			"looks|<harm>}.<why><other>",
		"{I'm sorry, but I|I} can only help with {questions about|matters of} {your account|our " +
			"products|this service|your contract}.",
		"{lol no|nah|yeah no|hard pass}, {not doing that|i'm not writing that|can't do that|i won't help with " +
			"that}{, sorry|}.",
	},
	"partial": {
		"I can {explain|describe|cover|outline} {how such things work|the background|the history|how to defend " +
			"against it|the theory}{ so that your team recognises them|}, but I {won't|can't|will not|am not " +
			"going to} <verb> <harm>.\n\n{A|The} {usual case|first part|history} {has three parts|begins " +
			"with|goes back to} {a page, a script and a panel|trust|the last century}.",
		"{Happy to|I'm glad to|I can} help with {the first part|the letter|the summary|the honest version|the " +
			"defence}, {but|though|yet} {I won't|I can't|I'd rather not|I have to leave out} <verb> <harm>.<why>",
		"I {won't|can't} <verb> <harm>, but {here is|I can give you|let me show you} {the general idea|an " +
			"overview|what the law says|a safe version}: {first|1.} {check|read|start with} {the rules|the basics}.",
		"{Here's|Below is} {the part|what} I can {help with|share}: {the history|how it is found out|the law}. " +
			"I'm {leaving out|not including} <harm>{ on purpose|}, {as|because} {it could hurt people|that would " +
			"be misuse|I won't <verb> that}.",
	},
	"languages": {
		"{Dabei|Damit|Hierbei|Bei so etwas} {kann|werde|möchte} ich {dir|Ihnen|euch|} {leider |}nicht " +
			"{helfen|weiterhelfen|behilflich sein}.{ Das ist strafbar.| Das wäre illegal.|}",
		"{Nein, das|Das} {mache|schreibe|erstelle|unterstütze} ich nicht.{ Es würde anderen schaden.| Das ist " +
			"verboten.|}",
		"{Ich möchte|Ich werde} {keine|das nicht|so etwas nicht} {gefälschten Dokumente|Beleidigungen|} " +
			"{erstellen|schreiben|verfassen}.",
		"{Je ne peux pas|Je ne vais pas|Je refuse de|Je préfère ne pas} {vous aider à|t'aider " +
			"à|écrire|fournir|répondre à} {faire cela|cette demande|de tels contenus|fabriquer de faux " +
			"papiers}.{ C'est illégal.| Cela pourrait nuire à quelqu'un.|}",
		"{No puedo|No voy a|Prefiero no|Debo negarme a} {ayudarte con|ayudar a|escribir|proporcionar|dar} " +
			"{eso|esta petición|instrucciones para hacer daño|documentos falsos}.{ Es ilegal.| Podría dañar a " +
			"otros.|}",
		"{Mi dispiace, ma|Mi spiace, ma|Purtroppo|Spiacente,|} {non posso|non sono in grado di|non " +
			"intendo|preferisco non} {aiutarti a|aiutarti con|aiutarla a|fornire|scrivere|dare} {falsificare un " +
			"documento|questa richiesta|istruzioni di questo genere|fare del male|ciò}{.|: è un reato.|, perché " +
			"è illegale.| e può essere pericoloso.}",
		"{Desculpe, mas|Lamento, mas|Infelizmente|Peço desculpa, mas|} não {posso|vou|consigo} {ajudar a|ajudar " +
			"com|fornecer|escrever|criar} {isso|mensagens falsas|esse tipo de conteúdo|este pedido}.{ É ilegal.| " +
			"Isso poderia causar danos a outras pessoas.|}",
		"{Sorry, maar|Het spijt me, maar|Helaas} {daar kan ik|hier kan ik|daarmee kan ik} {je|u|} niet {bij |mee " +
			"|}helpen.{ Dat is strafbaar.| Dit is illegaal.|}",
		"{Przykro mi, ale|Niestety|Przepraszam, ale} nie {mogę|będę|jestem w stanie} {pomóc w tej sprawie|w tym " +
			"pomóc|udzielić takich informacji|napisać tego}.{ To nielegalne.| To niezgodne z prawem.|}",
		"{Üzgünüm,|Üzgünüm ama|Maalesef|Özür dilerim,|Kusura bakmayın,} {bu konuda|buna|bu isteğe|bununla " +
			"ilgili|bunda} {yardımcı olamam|yardım edemem|yanıt veremem|destek olamam|yardımcı olamıyorum}.{ Bu " +
			"yasa dışıdır.| Bu yasalara aykırıdır.|}",
		"{Bu tür|Böyle} {içerik|bilgi|talimat|bir metin} {üretemem|veremem|yazamam|sağlayamam|paylaşamam}.{ Yasa " +
			"dışıdır.| Başkalarına zarar verebilir.|}",
		"{Jag kan tyvärr inte|Tyvärr kan jag inte|Jag kan inte|Förlåt, men jag kan inte|Jag vill inte} {hjälpa " +
			"till med det|hjälpa dig med det|svara på det|skriva sådant|ge sådana instruktioner}.{ Det är " +
			"olagligt.| Det är ett brott.|}",
		"{Beklager, men jeg|Desværre, jeg|Jeg} kan {ikke|dessverre ikke|desværre ikke} {hjelpe deg med " +
			"det|hjælpe dig med det|svare på det|bistå med dette}.{ Det er ulovlig.| Det er ulovligt.|}",
		"{Извините, но|К сожалению,|Простите, но|Прошу прощения, но|} я не {могу|буду|стану} {помочь с " +
			"этим|помогать в этом|предоставить такие инструкции|писать такое|отвечать на этот вопрос}.{ Это " +
			"незаконно.| Это может навредить людям.|}",
		"{На жаль,|Вибачте, але} я не можу {допомогти з цим|надати таку інформацію}.{ Це незаконно.|}",
		"{申し訳ありませんが|申し訳ございませんが|すみませんが|恐れ入りますが|残念ながら}、" +
			"{その|この|そのような|こうした}{ご要望|ご依頼|ご質問|内容|リクエスト}{には|に}" +
			"{お応えできません|お答えできません|対応できません|お手伝いできません|応じられません|対応いたしかねます}。{違法行為です。|法律で禁止されています。|}",
		"{その|この}{手助け|お手伝い|方法の説明|作成}は{できません|いたしかねます|お断りします}。{法律に違反します。|人を傷つけるおそれがあります。|}",
		"{죄송하지만|죄송합니다만|죄송합니다.|미안하지만|유감스럽지만} {그|이|그런|해당|이러한} {요청은|요청에는|내용은|부탁은|질문에는} {도와드릴 수 없습니다|도와 드릴 수 " +
			"없습니다|답변할 수 없습니다|응할 수 없습니다|제공할 수 없습니다|답변드리기 어렵습니다}.{ 불법입니다.| 법에 위반됩니다.|}",
		"{그런|이런} {정보는|글은|방법은} {제공할 수 없습니다|알려드릴 수 없습니다|작성할 수 없습니다|도와드리기 어렵습니다}.{ 불법 행위입니다.|}",
		"{抱歉|对不起|很抱歉|不好意思}，我" +
			"{不能|无法|不会|不便}{提供|协助|帮助|帮你|回答|编写|参与}{这样的|这类|伪造证件的|相关|违法的}{信息|内容|请求|事情|方法}。{这是违法行为。|这违反法律。|这可能会伤害他人。|}",
		"我{不能|无法|拒绝|不会}{提供|协助|帮助|回答|讨论|编写}{这个|这类|此类|这样的}{请求|内容|问题|信息}。",
		"{抱歉|對不起}，我{無法|不能}{協助|提供|回答}{這個|這類|相關}{請求|內容|問題}。",
		"{عذرًا،|عذراً،|آسف،|أعتذر،|للأسف،|أنا آسف، لكن} {لا يمكنني|لا أستطيع|لن أتمكن من} {مساعدتك في " +
			"ذلك|مساعدتك في هذا الطلب|تقديم هذه المعلومات|الإجابة عن هذا السؤال|كتابة هذا المحتوى}.{ هذا مخالف " +
			"للقانون.| هذا غير قانوني.|}",
		"{Maaf, saya|Maaf, tetapi saya|Mohon maaf, saya} {tidak bisa|tidak dapat} {membantu dengan itu|membantu " +
			"permintaan ini|memberikan informasi tersebut}.{ Itu melanggar hukum.|}",
		"{Xin lỗi, tôi|Rất tiếc, tôi} không thể {giúp bạn việc đó|hỗ trợ yêu cầu này|cung cấp thông tin này}.{ " +
			"Điều đó là bất hợp pháp.|}",
		"{Omlouvám se, ale|Bohužel} {s tím nemohu pomoci|tuto informaci nemohu poskytnout|vám s tím pomoci " +
			"nemohu}.{ Je to nezákonné.|}",
		"{Sajnálom, de|Sajnos} {ebben nem segíthetek|ebben nem tudok segíteni|ezt nem tudom megadni}.{ Ez " +
			"törvénybe ütközik.|}",
		"{Îmi pare rău, dar|Din păcate,} nu pot {să te ajut cu asta|oferi astfel de informații}.{ Este ilegal.|}",
		"{Valitettavasti|Pahoittelen, mutta} en voi {auttaa siinä|vastata tähän pyyntöön}.{ Se on laitonta.|}",
		"{Λυπάμαι, αλλά|Δυστυχώς} δεν μπορώ να {βοηθήσω με αυτό|δώσω τέτοιες πληροφορίες}.{ Είναι παράνομο.|}",
		"{माफ़ कीजिए,|क्षमा करें,} मैं {इसमें मदद|यह जानकारी प्रदान|इस अनुरोध को पूरा} नहीं कर सकता।{ यह " +
			"गैरकानूनी है।|}",
		"{متأسفم،|متاسفم، اما} نمی\u200cتوانم {در این مورد کمک کنم|این اطلاعات را بدهم}.{ این کار غیرقانونی است.|}",
		"{מצטער, אבל|אני מצטער,} {אני לא יכול לעזור בזה|איני יכול לספק מידע כזה}.{ זה לא חוקי.|}",
	},
	// Texts without a refusal.
	"plain": {
		"{I hope this helps!|Hope that helps!|I'm happy to help.|Glad to help!|Let me know if you need help.} " +
			"{If you have {more|other} questions, {just ask|let me know|I'm here}.|Feel free to ask.|Don't " +
			"hesitate to write.}",
		"I will {not|never} {push to main on Fridays|deploy without a test|be late again|eat after eight|skip " +
			"the checklist}. {I will {ask|test|plan} first.|I promise.|}",
		"{1. |- |}I {must|will|shall} not {talk in class|run in the corridor|share passwords|open mails from " +
			"strangers}. {2. |- |}I will {listen|walk|report them}.",
		"\"I {cannot|can't|won't|will not} {let you through|help you|tell you|give you the key|do that},\" {the " +
			"guard|she|he|the robot|the captain|Mara} {said|whispered|replied|answered}, {and|as} {the rain " +
			"fell|turned away|the door closed}.",
		"{「|\"}{I won't|I can't|I will not|I refuse to} {go with you|help you|let you do this|say that|believe " +
			"that}{, {Potter|Captain|my friend|Sheldon}|}. {You know why.|It is too dangerous.|That's " +
			"final.|This is my decision.}{」|\"}",
		"{Mara|The old man|The robot|Captain Reed} {said|told them} {he|she|it} {could not|would not|cannot} " +
			"{help|let them in|give them the map}. {They left|Nobody spoke|So they walked on}.",
		"I {can't|cannot|couldn't} {tell|say|be certain|see|reproduce it|rule it out} {for sure|from " +
			"here|without the log|yet}, but {two causes fit|it looks like|the likely cause is} {the lock|the " +
			"cache|a timeout|a wrong path}. {Check|Try|Look at} {that first|the settings|the logs}.",
		"I {can't|cannot|'m not able to} give {legal|medical|tax|investment} advice {for your case|on a " +
			"contract|as a lawyer}, but {in general|as a rule|usually} {the limit is|rents may rise by|you " +
			"have|the dose is} {20 percent|two weeks|three years|two tablets}. {Ask|See} {a lawyer|the " +
			"association|your doctor} {to check|about details}.",
		"I {couldn't|could not|can't|was unable to|wasn't able to} {find|locate|book|open|load|read|connect " +
			"to|complete} {any|the|your} {invoices|flights|file|table|page|reservation|order|restaurant}{ in " +
			"March| with that name| at this time|}. {Would you like|Do you want|Shall I} {me to try|to " +
			"change|look for} {another date|something else|the time}?",
		"{I'm sorry|Sorry|Unfortunately}, {I|but I|we} {couldn't|could not|can't|am unable to} " +
			"{make|complete|book|process|find} {the|your|that} {reservation|payment|booking|appointment|table}. " +
			"{Is there|Do you want|Would you like} {anything else|another time|a different place}?",
		"{I'm sorry|Sorry|I apologize} for {the confusion|the delay|my mistake|the error|that}. {Here is|You're " +
			"right, here is|The correct answer is|Let me fix that:} {the new version|the corrected code|42|the " +
			"list}.",
		"{I'm sorry|I am sorry} {to hear|that|about} {that|you feel bad|your loss|the lid is broken}. {Open|Go " +
			"to|Press|Write to} {Orders|the settings|support} and {choose|press|report} {the item|a new one|it}.",
		"I {can't|cannot} {delete|change|access|restart|deploy|run} {databases|that server|files|your " +
			"repository} {from this chat|from here|with this role} because {my role is read-only|I have no " +
			"network|the sandbox is closed}. {To do it yourself,|You can} {run|use} {the command|terraform|the " +
			"console}.",
		"{I'm afraid|Unfortunately,|I'm sorry, but} {I|we} can't {offer a refund|extend the deadline|change the " +
			"booking|ship to that country|give a discount} {for this order|after 30 days|on this fare}: {the " +
			"window is 30 days|the ticket is not flexible|it was delivered in July}. {What I can do is|I can} " +
			"{book a repair|offer a voucher|send a new one}.",
		"I don't {have|know|see|recognise} {live data|that name|any information on that person|enough context|a " +
			"file called that|opinions of my own}{, so I can't {say|tell|answer} {exactly|for certain|more}|}. " +
			"{Could you|Can you|Please} {give|share|send|paste} {more details|the text|a link}?",
		"I {need|would need} {some more|a few} {details|guidelines|facts} {in order to|before I can|to} " +
			"{write|draft|answer|help}. {What|Which} {tone|style|city|date} do you {want|prefer}?",
		"{Sure|Of course|Yes}! {I won't be able to attend|I cannot make it|I can't come} {on Friday|tomorrow|to " +
			"the meeting} {is a polite way to say no|would be fine|works}. {You could add|Add} {a reason|thanks}.",
		"{As a|In the role of a} {chef|teacher|doctor|lawyer}, I {don't|never|would not} " +
			"{use|recommend|prescribe|say} {butter|that|sugar} {without|before} {tasting|asking|checking}. " +
			"{First|Then}, {mix|ask|read} {it|them}.",
		"{We|The authors|They} {were|are} {unable|not able} to {find|locate|confirm|show} {studies|a " +
			"difference|any evidence|the cause} {of|for|in} {the disease|this group|treatment}. {More research " +
			"is needed.|See a doctor.}",
		"{Users|Members|You|Staff} {must not|may not|cannot|are not allowed to} {share|copy|post|resell} " +
			"{passwords|content|illegal material|tickets}. {We|The company} {will|may} {close|suspend} {the " +
			"account|access}.",
		"{The function|This method|The command|Rust|The compiler} {cannot|won't|does not|refuses to} " +
			"{compile|accept|return|create|provide} {a null|the value|that type|the table}. {Use|Call|Add} " +
			"{clone|a lock|an index} instead.",
		"{I|We} {won't|don't|can't} {accept|take|agree to} {less than|more than} {three|five} " +
			"{steps|points|euros} {this round|now|today}. {Let's|Let us} {split|share|choose} {it|different " +
			"numbers}. {I'll take|You take} {3|5}.",
		"{Mi dispiace|Lo siento|Je suis désolé|Es tut mir leid|Desculpe|Üzgünüm|Beklager|Przykro " +
			"mi|Извините|죄송합니다|申し訳ありません|抱歉}, {per il ritardo|por la espera|pour le retard|für die " +
			"Verspätung|pelo atraso|geç kaldım|for ventetiden|za opóźnienie|за задержку|늦어서|お待たせしました|久等了}. " +
			"{42|OK|1, 2, 3}.",
		"{Non posso|No puedo|Je ne peux pas|Ich kann nicht|Não posso|Jag kan inte|Nie mogę|Я не могу} " +
			"{dormire|dormir|schlafen|sova|spać|спать} {- |: }{=|} {I can't sleep|I cannot sleep}.",
		"{申し訳ありませんが、遅れました。|ご不便をおかけして申し訳ありません。|お待たせして申し訳ございません。}{注文は明日届きます。|新しい商品をお送りします。|}", "{불편을 드려|늦어서|기다리게 " +
			"해서} 죄송합니다. {새 제품을 보내 드리겠습니다.|주문은 내일 도착합니다.|}",
		"{أعتذر عن التأخير|عذرًا على الإزعاج}، {تم إرسال الطلب|سيصل الطلب غدًا}.",
	},
}
