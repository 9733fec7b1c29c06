"""Plain English words that give the invented pages the look of prose.

Lists of common words written by hand, and nothing else: no name, no fact, no sentence. Values
and names in the traces are invented in `names.py`; these words only stand around them, so that
the model meets real spelling without meeting anything true.
"""


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a text, as the lists of this package are written."""
    return tuple(text.split())


ADJECTIVES = listed(
    """old new small large early late narrow wide quiet famous common rare local public private
    wooden heavy light dark bright warm cold northern southern eastern western central coastal
    rural urban royal ancient modern popular simple complex steep shallow dry wet rich poor
    gentle rough smooth round square flat curved hollow solid green red white black blue yellow
    silver golden grey brown plain proud humble former present annual daily weekly regular second
    third main minor major lower upper inner outer broad slender tall deep long short high low
    busy empty careful clever curious distant near foreign native official original ordinary
    separate single double triple strong weak useful visible vast young whole mild severe formal
    historic industrial agricultural religious military commercial scientific technical natural
    artificial mechanical electric musical literary political national international regional
    seasonal permanent temporary typical unusual notable remarkable important final initial"""
)

NOUNS = listed(
    """valley harbour market garden forest village town station tower gate street road path field
    farm mill castle church chapel temple palace museum library school college theatre hall house
    cottage bridge tunnel canal river stream lake island coast shore beach cliff hill mountain
    plain desert marsh meadow orchard quarry mine factory workshop warehouse yard square park
    fountain statue monument wall roof window door floor arch column beam cable chain rope wheel
    engine pump valve lever spring screw nail hammer blade handle string bow reed pipe bell drum
    key pedal board frame case box shelf table chair lamp candle mirror clock map chart book page
    letter journal diary poem song story novel play painting drawing sketch print portrait photo
    record archive catalogue report survey study project plan design model sample method theory
    law rule custom festival fair ceremony holiday season winter summer autumn night morning
    century decade year month week day hour moment period era age war peace treaty council
    assembly court office company society club union guild family parent child brother sister
    mother father son daughter friend teacher student pupil master servant worker farmer sailor
    soldier captain officer engineer architect painter writer poet composer singer player dancer
    doctor lawyer judge priest bishop king queen prince duke merchant trader tourist visitor guest
    traveller pilgrim crowd people citizen neighbour owner tenant builder founder member leader
    horse cattle sheep goat dog cat bird fish whale bear wolf deer rabbit mouse insect bee spider
    tree leaf root branch seed flower fruit grain wheat rice corn apple grape olive tea coffee
    sugar salt bread cheese milk butter oil wine beer water ice snow rain wind storm cloud fog
    fire smoke ash dust sand clay mud rock gravel soil metal wood paper cloth silk wool cotton
    leather rubber wax paint ink colour light shadow sound noise voice tone note rhythm speed
    weight size shape form pattern line curve angle edge corner surface layer depth distance
    border region district province county territory capital suburb port dock ship boat ferry
    train tram bus car cart bicycle aircraft cargo trade industry energy power heat pressure
    trail route journey voyage tour event race game match prize award honour title name word
    language number figure price cost value tax money coin debt fund bank shop"""
)

VERBS = listed(
    """built opened closed moved repaired restored painted planted crossed visited described
    measured recorded studied collected sold bought carried covered damaged destroyed rebuilt
    widened extended enlarged replaced removed added joined divided shared protected guarded
    managed owned rented used tested improved changed copied printed published translated taught
    trained elected appointed invited welcomed praised admired criticised ignored forgotten
    remembered celebrated founded planned ordered delivered supplied produced exported imported
    cultivated harvested flooded drained connected supported surrounded followed reached left
    entered climbed explored mapped named renamed listed displayed performed recited cleaned
    inspected surveyed polished carved decorated lifted lowered weighed stored shipped"""
)

ADVERBS = listed(
    """often rarely usually sometimes slowly quickly quietly later soon once again twice already
    mainly mostly partly nearly almost still nowadays today originally formally locally officially
    eventually finally recently initially regularly carefully largely probably reportedly"""
)

TOPICS = listed(
    """rivers bridges lakes mountains people cities buildings instruments inventions planets
    places history nature music science travel guide pages articles entries notes wiki kb docs
    almanac atlas archive library museum encyclopedia reference records topics items geography
    art culture sites islands books animals plants towns"""
)

HOSTS = listed("com org net test example edu info eu io museum")

PROFESSIONS = listed(
    """engineer architect painter writer poet composer singer sailor captain officer emperor king
    queen prince princess duke bishop monk priest nun nurse doctor surgeon chemist physicist
    astronomer mathematician geologist botanist zoologist explorer traveller climber guide merchant
    banker miner farmer gardener carpenter mason sculptor carver potter weaver tailor baker brewer
    printer publisher editor journalist historian philosopher teacher professor student judge
    lawyer minister president chancellor governor mayor general admiral soldier pilot driver
    conductor pianist violinist organist actor dancer director producer photographer inventor
    mechanic clockmaker instrument-maker builder founder owner leader patient servant secretary
    librarian curator archaeologist missionary diplomat ambassador spy pirate smuggler thief
    athlete runner swimmer cyclist player champion designer programmer scientist scholar
    cartographer naturalist physician pharmacist millionaire saint"""
)

TITLES = listed(
    """King Queen Emperor Empress Prince Princess Duke Duchess Pope Bishop Saint President General
    Captain Admiral Lord Lady Sir Count Baron Professor Doctor Sultan Tsar Khan Chief Governor"""
)

SUPERLATIVES = listed(
    """oldest youngest longest shortest largest biggest smallest highest tallest lowest deepest
    widest heaviest fastest first last only main richest earliest latest nearest farthest busiest
    brightest strongest finest rarest steepest greatest second third"""
)
