package text

import (
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/words"
)

// The classes of the words of abuse.
const (
	vile      = 1 << iota // slurs and obscene names: abuse by themselves
	doubtful              // such words that have an ordinary sense, too
	alone                 // doubtful words that a short text must explain
	insult                // names that are abuse if somebody is called so
	scorn                 // adjectives of the same kind
	curse                 // abuse only in set phrases
	addresses             // "you"
	filler                // may stand between "you" and the insult
	group                 // people who are abused as a group
	copula                // "are"
	dehumans              // what a group is called
	sense                 // words beside which a doubtful word has its ordinary sense
	mention               // words of texts that speak about words
)

// abusive is our own list. Words with an ordinary sense in another language are left out.
var abusive = newLexicon(map[uint32]string{
	vile: "nigger,niggers,nigga,niggas,niggah,niggahs,niggaz,nigguh,nigguhs,faggot,faggots,fag,fags,faggy,kike," +
		"kikes," +
		"gook,gooks,wetback,wetbacks,beaner,beaners,towelhead,towelheads,raghead,ragheads,sandnigger,tranny," +
		"trannies," +
		"shemale,bitch,bitches,bitchass,biatch,cunt,cunts,whore,whores,slut,sluts,slutty,twat,twats,motherfucker," +
		"motherfuckers,motherfucking,muthafucka,mothafucka,cocksucker,cocksuckers,asshole,assholes,arsehole," +
		"arseholes," +
		"dickhead,dickheads,fuckface,fuckhead,fucktard,fucktards,fucker,fuckers,fucka,dipshit,dipshits,shithead," +
		"shitheads,dumbass,dumbasses,dumb ass,jackass,wanker,wankers,bellend,scumbag,scumbags,douchebag,douchebags," +
		"libtard,libtards,retards,muzzie,muzzies,pussies,skank,skanks,tosser,shitbag,shitstain,cumdump," +
		"fuck you,fuck u,fuck off,fuck yourself,fuck your,fuck ya,fuck them,fuck all of you,fuck all these,fuck " +
		"these," +
		"fuck outta here,go fuck,the fuck up,you fucking,you fuckin,u fuckin,piss off,eat shit,piece of shit," +
		"pieces of shit,son of a bitch,sons of bitches,suck my dick,suck a dick,suck my cock,lick my balls,bitch " +
		"ass," +
		"kys,go kill yourself,just kill yourself,should kill yourself,please kill yourself,go die,hope you die," +
		"hope u die,hope you rot,rot in hell,burn in hell,hope you burn,hope you choke,hope you get raped," +
		"hope you get cancer,gas the jews,heil hitler,white trash,camel jockey,porch monkey,jungle bunny," +
		"towel head,sand nigger,f you bitch,b tch,c nt,n gger,n gga,f ggot,wh re,sl t,you worthless piece," +
		"i will rape,gonna rape," +
		"deserve to be raped,nobody would miss you,world would be better without you,subhuman,subhumans," +
		"untermensch," +
		"arschloch,arschlöcher,hurensohn,hurensöhne,fotze,fotzen,wichser,schlampe,missgeburt,drecksau,kanake," +
		"kanaken," +
		"scheißkerl,verpiss dich,fick dich,halt die fresse,dreckige hure,du hure," +
		"connard,connards,connasse,salope,salopes,enculé,enculés,fils de pute,ta gueule,va te faire foutre," +
		"va te faire enculer,nique ta mère,bougnoule,bougnoules,pédé,sale pute,sale arabe,sale juif,sale noir," +
		"trou du cul," +
		"hijo de puta,hijos de puta,hija de puta,gilipollas,maricón,maricones,pendejo,pendeja,vete a la mierda," +
		"chinga tu madre,puta madre,eres una puta,cabrones,puto de mierda,sudaca,sudacas,que te jodan,jódete," +
		"stronzo,stronza,stronzi,puttana,puttane,vaffanculo,coglione,coglioni,figlio di puttana,frocio,froci," +
		"testa di cazzo,pezzo di merda,negro di merda,va a morire ammazzato," +
		"filho da puta,vai se foder,vá se foder,vai tomar no cu,arrombado,viado,viados,vadia," +
		"skurwysyn,skurwysyny,pierdol się,spierdalaj,wypierdalaj,jebany,jebana,zamknij mordę,ty kurwo,ty suko,ty " +
		"dziwko," +
		"ciapaty,ciapaci,klootzak,kankerhoer,kankerlijer,kutwijf,teringlijer,rot op,hoerenjong,kutmarokkaan," +
		"пидор,пидорас,пидоры,ублюдок,ублюдки,шлюха,иди нахуй,пошел нахуй,пошёл нахуй,хуесос,долбоёб,долбоеб,блядь," +
		"сучка,тварь ты,чурка,чурки,orospu,orospu çocuğu,siktir,siktir git,piç kurusu,ibne,amına koyayım," +
		"jävla hora,jävla idiot,fitta,håll käften,kukhuvud,din hora,jävla,死ね,くたばれ,씨발,병신,개새끼,시발놈," +
		"操你妈,傻逼,婊子,去死吧,شرموطة,قحبة,ابن الكلب,كس أمك",
	doubtful: "hoe,hoes,pussy,retard,retarded,dyke,dykes,coon,coons,chink,chinks,spic,spics,paki,pakis," +
		"prick,pricks,bastard,bastards,tits,spaz,negroes," +
		"redneck,rednecks,puta,putas,kurwa,hure,pute,troia,zorra,hoer,сука,сучки,mongool",
	alone: "hoes,pussy,retard,retarded,coon,coons,chink,chinks,spic,spics,paki,pakis,dykes,bastards",
	insult: "spastic,dick,dicks,cock,midget,cripple,savage,queer,queers,bint,slag," +
		"idiot,idiots,moron,morons,imbecile,imbeciles,loser,losers,scum,pigs," +
		"dumbo,dimwit,halfwit,airhead,bimbo,cretin,lowlife," +
		"waste of space,waste of oxygen,waste of air," +
		"hag,nutcase,simpleton,buffoon,jerk,idiota,idiotas,imbécile,imbecil,imbécil,cretino,cretina," +
		"dummkopf,versager,vollidiot,trottel,abschaum,debil,debilu,idiotka,idioto,kretyn,śmieć,estúpido,estúpida," +
		"crétin," +
		"abruti,sukkel,eikel,идиот,дурак,дебил,придурок,мразь,aptal,salak,geri zekalı,şerefsiz,",
	scorn: "nothing,joke,clown,fool,fools,failure,animal,animals,dog,dogs,snake,rat,rats,monkey,cow,ape,liar," +
		"coward,trash,garbage,filth,pig,freak,creep,disgrace,parasite,vermin,maggot,weirdo,psycho," +
		"stupid,dumb,pathetic,worthless,useless,disgusting,ugly,fat,filthy,vile,repulsive,brainless,braindead," +
		"ignorant,lazy,dirty,nasty,lying,miserable,inferior,gross,hideous,smelly,spineless,clueless,retarded,lame," +
		"dumm,hässlich,fett,bête,laid,moche,tonto,tonta,feo,fea,brutto,brutta,głupi,głupia,gruba,тупой,тупая",
	curse: "queer,queers,im going to kill you,i will kill you,ill kill you," +
		"fuck,fucking,fuckin,fucked,fucks,fuckery,fking,fkn,f ck,f cking,shit,shits,shitty,bullshit,bitching," +
		"ass,asses,stfu,gtfo,scheiße,scheiss,cazzo," +
		"caralho,blyat,хуй,пизда,screw you,go to hell,",
	addresses: "you,youre,u,ur,your,youve,ya,yall,ure,yous,du,bist,tu,t es,vous,eres,sei,ty,jesteś,sen,jij,je " +
		"bent,ты,você",
	filler: "are,re,r,a,an,such,the,just,nothing,but,really,so,total,complete,absolute,little,big,old,all,of," +
		"bunch,is," +
		"and,truly,honestly,literally,fucking,fuckin,bloody,damn,goddamn,very,too,utterly,ein,eine,bist,so,echt," +
		"einfach," +
		"es,un,une,vraiment,eres,una,unos,sei,è,jesteś,bir,een,bent,such,bloody,é,um,uma,some,absolutely,kind," +
		"most,biggest",
	group: "women,men,girls,jews,muslims,blacks,whites,gays,lesbians,immigrants,mexicans,africans,asians,arabs," +
		"refugees," +
		"gypsies,christians,trans people,black people,white people,gay people,jewish people,muslim people," +
		"disabled people," +
		"foreigners,indians,chinese people,transgender people,migrants,homosexuals,homos,feminists,people like " +
		"you,believers,sikhs,hindus,catholics,atheists,turks,poles,russians,ukrainians,chinese,germans," +
		"juden,muslime,ausländer,flüchtlinge,frauen,juifs,musulmans,arabes,femmes,judíos,musulmanes,mujeres," +
		"ebrei,żydzi," +
		"your kind,your people,those people,these people",
	copula: "are,is,r,re,sind,sont,son,sono,są,são,zijn",
	dehumans: "vermin,scum,filth,parasites,animals,subhuman,subhumans,garbage,trash,cockroaches,rats,pigs,dogs," +
		"monkeys," +
		"apes,savages,disgusting,inferior,worthless,stupid,retarded,criminals,rapists,diseased,evil," +
		"ungeziefer,abschaum,untermenschen,dreck,tiere,vermine,basura,escoria,spazzatura,śmieci,robactwo," +
		"degenerates," +
		"abominations,whores,subhuman scum",
	sense: "garden,gardening,soil,weed,weeds,weeding,plant,plants,planting,rake,shovel,spade,tool,tools,farm," +
		"farmer,dig," +
		"flame,fire,growth,sea,flood,floods,river,water,wall,armor,armour,willow,cat,cats,raccoon,maine,studies," +
		"theory," +
		"lgbt,lgbtq,lesbian,lesbians,parade,pride,rights,community,culture,history,historical,cheney,van,finger," +
		"skin,dough," +
		"sword,illegitimate,needle,fork,rooster,hen,chicken,gun,bird,birds,sailor,drum,span,music,engine," +
		"ignition,noble," +
		"king,captain,circus,century,art,cinema,spice,land,field,fields,crops,name,named,mr,dr,moby,richard,dykes on",
	mention: "word,words,term,terms,slur,slurs,called,calls,call,calling,phrase,phrases,insult,insults,means," +
		"meaning," +
		"epithet,epithets,offensive,derogatory,vulgar,profanity,quote,quotes,quoted,translates,translated," +
		"translation," +
		"pejorative,reclaimed,spelled,rhymes,lyrics,language,expression,expressions,literally,refers,referred," +
		"litter,puppies,puppy,breeder,breeders,kennel,sire,pups," +
		"shouted,yelled,screamed,muttered,growled,snarled,hissed,spat,character,novel,movie,film,scene,synonym," +
		"synonyms,definition,dictionary,example,examples,racist,said,says,replied,tweet,comment,comments," +
		"moderation," +
		"harassment,wort,mot,palabra,parola,słowo",
})

// The weight of a hit. A verdict needs verdictWeight.
const (
	weightVile     = 4
	weightDoubtful = 2
	weightCurse    = 0.5
	verdictWeight  = 4
	mentionShare   = 0.25 // what is left of a hit that is only mentioned
	briefText      = 40   // words: in a longer text a doubtful word is no abuse by itself
	reachOfMention = 5    // words
	reachOfCurse   = 2    // words
	otherHits      = 2    // how much other hits add at most
)

// maxAbuse bounds the hits that are told apart.
const maxAbuse = 8

// abuse weighs the abusive words of a text. It returns the worst passage.
func abuse(t *words.Text) (weight float32, passage []words.Word) {
	list := t.Words
	var seen [maxAbuse]uint32
	hits, sum := 0, float32(0)
	you, crowd := -1, -1 // where "you" or a group is, if only fillers came since
	linked := false      // whether "are" came since the group
	scorned := 0         // adjectives since "you"
	cursed := -1         // the last curse or adjective
	for i := 0; i < len(list); i++ {
		classes, n := uint32(0), 1
		if abusive.may(list, i) {
			classes, n = abusive.at(list, i)
		}
		if list[i].Flags.Is(words.Sentence | words.Line) {
			you, crowd, scorned, cursed = -1, -1, 0, -1
		}
		if classes&^(sense|mention|filler|addresses|group|copula) == 0 {
			switch {
			case classes&copula != 0 && crowd == i-1 && i > 0:
				linked = true
			case classes&addresses != 0:
				you, crowd, scorned = i, -1, 0
			case classes&group != 0:
				crowd, you, linked = i+n-1, -1, false
			case classes&filler == 0:
				you, crowd, scorned = -1, -1, 0
			}
			i += n - 1
			continue
		}
		hit, from := float32(0), i
		switch {
		case classes&vile != 0:
			hit = weightVile
		case classes&dehumans != 0 && crowd >= 0 && linked:
			hit, from = weightVile, crowd
		case classes&(insult|doubtful) != 0 && cursed >= 0 && i-cursed <= reachOfCurse:
			hit, from = weightVile, cursed
		case classes&insult != 0 && you >= 0 && (i-you > 1 || scorned > 0 || list[you].Flags.Is(words.Sentence)):
			hit, from = weightVile, you
		case classes&scorn != 0 && you >= 0:
			if scorned++; scorned > 1 {
				hit = weightVile
			} else {
				hit = weightDoubtful
			}
			from = you
		case classes&doubtful != 0 && you >= 0 && i-you > 1:
			hit, from = weightVile, you
		case classes&doubtful != 0:
			hit = weightDoubtful
		case classes&curse != 0:
			hit = weightCurse
		}
		if classes&curse != 0 || classes&scorn != 0 && scorned == 0 {
			cursed = i
		}
		if classes&(scorn|filler) == 0 {
			you = -1
		}
		if hit > weightCurse {
			switch aside := mentioned(t, from, i+n); {
			case aside:
				hit *= mentionShare
			case hit == weightDoubtful && classes&doubtful != 0 && classes&alone != 0 && len(list) <= briefText &&
				!ordinarySense(list):
				hit = weightVile
			}
		}
		if h := list[i].Hash; hit > 0 && hits < maxAbuse && !slices.Contains(seen[:hits], h) {
			seen[hits] = h
			hits++
			if hit > weight {
				sum += weight
				weight, passage = hit, list[from:i+n]
			} else {
				sum += hit
			}
		}
		i += n - 1
	}
	return weight + min(sum/2, otherHits), passage
}

// ordinarySense reports whether a text has words beside which a doubtful word means something ordinary.
func ordinarySense(list []words.Word) bool {
	for i := range list {
		if abusive.table.Of(list[i].Hash)&(sense|mention) != 0 {
			return true
		}
	}
	return false
}

// mentioned reports whether a passage is quoted, or stands beside words that speak about words.
func mentioned(t *words.Text, from, upto int) bool {
	for k := max(0, from-reachOfMention); k < min(len(t.Words), upto+reachOfMention); k++ {
		if (k < from || k >= upto) && abusive.table.Of(t.Words[k].Hash)&mention != 0 {
			return true
		}
	}
	before := t.Source[:t.Words[from].Start]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	if strings.HasPrefix(line, ">") || strings.HasSuffix(line, "'") || strings.HasSuffix(line, "`") ||
		strings.HasSuffix(line, "‘") {
		return true
	}
	return !strings.HasPrefix(t.Source, "{") && !strings.HasPrefix(t.Source, "[") && quoted(line)
}
