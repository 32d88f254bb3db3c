// The classifier's table: what it counts in a prompt, how much each count weighs, which words count
// as what, and where the tiers begin. Read by routing/classifier.cc alone; to change how prompts
// are judged, change this file, and docs/classifier.md will say what it did.
//
// A prompt's score is the sum over the features of weight × min(count, cap). The weights were
// fitted on the tuning half of the labelled prompts only, by ordinal regression, and rounded.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tollgate {

enum class Feature {
  // Words and phrases of the last user message.
  kSmallTalk,
  kLookUp,
  kTransform,
  kExtract,
  kCompose,
  kExplain,
  kCode,
  kDebug,
  kBuild,
  kAnalyse,
  kDesign,
  kProof,
  kMaths,
  kDemands,
  kSteps,
  kThorough,
  kExpert,
  // Its shape.
  kLength,
  kQuestions,
  kNumbers,
  // What comes with it.
  kTurns,
  kSystem,
  kTools,
  kMedia,
  kTinyAnswer
};
inline constexpr std::size_t kFeatures = 25;

struct FeatureRow {
  Feature feature;
  std::string_view what;
  double weight;
  double cap;
};

// clang-format off
inline constexpr std::array<FeatureRow, kFeatures> kFeatureTable = {{
    {Feature::kSmallTalk,  "greetings and thanks",                            -2.30, 2},
    {Feature::kLookUp,     "questions for one fact",                          -2.20, 2},
    {Feature::kTransform,  "translate, rephrase, correct, summarise",         -0.60, 2},
    {Feature::kExtract,    "extract, classify, convert, sort",                -0.30, 2},
    {Feature::kCompose,    "write an everyday text",                           1.50, 2},
    {Feature::kExplain,    "explain, tell the difference",                     1.25, 2},
    {Feature::kCode,       "languages, tools and things of programming",       0.85, 4},
    {Feature::kDebug,      "errors and what is wrong",                         1.05, 3},
    {Feature::kBuild,      "implement, refactor, test, deploy",                1.40, 3},
    {Feature::kAnalyse,    "analyse, compare, evaluate, recommend",            2.00, 4},
    {Feature::kDesign,     "architecture, distribution, strategy, failure",    3.05, 5},
    {Feature::kProof,      "prove, derive, theorems, rigour",                  5.75, 4},
    {Feature::kMaths,      "solve, calculate, equations, probability",         1.25, 3},
    {Feature::kDemands,    "conditions the answer must meet",                  0.40, 4},
    {Feature::kSteps,      "plans, steps, phases, tables",                     1.05, 3},
    {Feature::kThorough,   "detail and depth are asked for",                   1.95, 2},
    {Feature::kExpert,     "terms of law, medicine, finance and science",      1.60, 3},
    {Feature::kLength,     "log2 of its characters by 16, ideograms as six",   1.40, 10},
    {Feature::kQuestions,  "question marks",                                   0.05, 3},
    {Feature::kNumbers,    "numbers",                                          0.75, 6},
    {Feature::kTurns,      "user turns before this one",                       0.40, 8},
    {Feature::kSystem,     "log2 of the system text's bytes by 32",            0.45, 8},
    {Feature::kTools,      "tools are offered",                                1.55, 1},
    {Feature::kMedia,      "images, files, audio or video",                    2.30, 1},
    {Feature::kTinyAnswer, "max_tokens is 16 or fewer",                       -0.50, 1},
}};

// Where SIMPLE, LIGHT, STANDARD and COMPLEX begin.
inline constexpr std::array<double, 4> kTierThresholds = {1.1, 4.5, 7.7, 13.55};
// How unsure the score is: scores this far from a threshold are of the nearer tier with 73 %.
inline constexpr double kScoreSpread = 1.0;

// Words in lower case, divided by blanks; * stands for any ending, _ divides the words of a phrase.
// Of scripts that put no blanks between words, two to four characters, wherever they stand.
struct Words {
  Feature feature;
  std::string_view words;
};
inline constexpr std::array kWords = {
    Words{Feature::kSmallTalk,
          "hello hi hey hiya thanks thank bye goodbye goodnight good_morning good_evening "
          "good_night how_are are_you lol haha ok okay yes yeah no great perfect cool got_it "
          "welcome sorry your_name "
          "hallo danke tschüss guten_morgen guten_abend guten_tag wie_geht moin servus "
          "bonjour bonsoir salut merci ça_va coucou hola gracias adiós buenos_días buenas "
          "olá oi obrigado obrigada tudo_bem bom_dia ciao grazie buongiorno come_stai "
          "hoi bedankt alles_goed cześć dziękuję merhaba nasılsın teşekkür* "
          "привет спасибо здравствуй* как_дела مرحبا شكرا नमस्ते धन्यवाद "
          "你好 您好 谢谢 再见 早上好 こんにち ありがと おはよう 안녕 감사"},
    Words{Feature::kLookUp,
          "capital who_is who_was who_wrote who_invented what_year when_did when_is when_was "
          "how_many what_is what's what_does what_day what_colour what_color which spell "
          "synonym antonym plural opposite rhymes stand_for currency symbol define convert how_far "
          "how_old how_tall meaning_of "
          "hauptstadt was_ist wie_viele wer_ist wer_war wann welche* wie_heißt "
          "capitale quelle_est quel_est combien qui_est qui_a cuál_es cuántos cuántas quién "
          "cómo_se qual_è qual_é quanti quantos quem столица сколько кто какая какой когда "
          "hoeveel wie_is kim nerede 首都 哪里 多少 谁是 几个 どこ 何です 誰 いくつ 수도 몇"},
    Words{Feature::kTransform,
          "translate translation rephrase reword rewrite paraphrase summari* shorten grammar "
          "spelling proofread correct past_tense active_voice more_polite politely formal friendlier "
          "übersetz* korrigier* umformulier* fasse zusammenfass* rechtschreibung höflicher "
          "tradui* corrige* reformul* résum* traduc* traduz* corrij* resum* reescrib* corregg* "
          "riassum* vertaal* herschrijf* przetłumacz* popraw* çevir* ترجم لخص "
          "перевед* переведи исправь перескаж* перефраз* 翻译 总结 改写 润色 訳し 翻訳 要約 번역 요약"},
    Words{Feature::kExtract,
          "extract classify classification categor* label sentiment tag pull_out list sort "
          "alphabetical* uppercase lowercase turn_this comma_separated intent spam "
          "extrahier* klassifizier* nenne liste extrai* classe extrae* clasific* enumera "
          "estrai* извлеки классифиц* перечисли 提取 分类 列出 抽出 分類 추출 분류"},
    Words{Feature::kCompose,
          "write draft email e-mail letter poem story tweet tweets caption slogan recipe "
          "description message headline limerick reply invitation speech tips gift dinner "
          "schreib* entwurf gedicht geschichte brief nachricht tipps "
          "écri* rédige* poème histoire courriel lettre escrib* poema cuento correo carta "
          "escrev* scriv* mail lettera napisz* schrijf* yaz şiir напиши письмо "
          "стихотворение рассказ 写一 邮件 书信 短诗 書いて 手紙 メール 작성 편지"},
    Words{Feature::kExplain,
          "explain explains difference describe how_does how_do how_can why example examples simple "
          "pros_and compare understand works "
          "erklär* unterschied warum funktionier* beispiel* wie_funktioniert vorteile "
          "expliqu* différence pourquoi exemple* comment explic* explique diferencia funciona "
          "ejemplo* diferença exemplo* spieg* differenza esempi* uitleg* waarom wyjaśnij "
          "объясни почему разниц* например समझाइए 解释 说明 为什么 例子 説明 違い なぜ 例を 설명 예를"},
    Words{Feature::kCode,
          "code python javascript typescript java rust golang kotlin swift php sql regex script "
          "function functions class classes method api endpoint rest html css bash shell docker* "
          "kubernetes terraform react node.js node git query queries database postgres* mysql "
          "compiler module library framework thread threads array string loop variable json csv "
          "yaml http c++ junit jest flask django express numpy pandas "
          "funktion klasse skript datenbank fonction base_de función clase código consulta "
          "função classe funzione функци* класс код скрипт запрос "
          "代码 函数 数据库 接口 関数 コード データベ 함수 코드 스크립트 파이썬"},
    Words{Feature::kDebug,
          "bug bugs error errors exception exceptions traceback stack_trace crash* fail fails "
          "failing failed segfault null undefined broken leak leaks flaky wrong fix debug doesn't "
          "not_work reset_by slow why_does deadlock deadlocks "
          "fehler* kaputt erreur* plante falla fallo* erro errore ошибк* падает "
          "报错 错误 修复 崩溃 エラー 不具合 오류 버그"},
    Words{Feature::kBuild,
          "implement implementation refactor tests unit_tests workflow pipeline deploy deployment "
          "integration authentication pagination validate validation async asynchronous parser "
          "interface workers concurrent cache error_handling edge_cases type_hints incremental "
          "implementier* implementa* implémente* authentification validez valide "
          "тестами реализуй обработк* 实现 测试 実装 テスト 구현 테스트 처리"},
    Words{Feature::kAnalyse,
          "analyse analyze analysis evaluate evaluation assess assessment critique critically "
          "criticise criticize implications recommend recommendation justify root_cause forecast "
          "audit review investigate argue argument interpret compare comparison contradict* risks "
          "trends themes diagnose reconstruct identify "
          "analysier* bewert* vergleich* begründ* empfehl* untersuch* widerspr* risiken "
          "analys* compar* évalu* recommand* justifi* risques analiz* evalú* recomend* justific* "
          "ventajas confront* analizz* consiglia* motiva avali* porówn* uzasadn* "
          "сравни анализ* проанализ* оцен* обоснуй рекоменд* противореч* "
          "比较 分析 评估 建议 权衡 优缺点 比較 評価 推薦 論じ 비교 평가 추천 논하"},
    Words{Feature::kDesign,
          "design architecture distributed scalab* fault-tolerant fault_tolerant consistency "
          "replication concurrency consensus availability trade-offs trade-off tradeoffs migration "
          "migrate protocol strategy strategies roadmap failure_modes rollback downtime invariant* "
          "interleaving* multi-tenant lock-free exactly-once scenarios mitigation mitigations "
          "threat-model threat multi-region autonomous backwards end-to-end latency heavy_load "
          "entwirf architektur verteilt* hochverfügbar* ausfall* strategie abwägungen "
          "conçois architecture distribué* panne* compromis stratégie diseña* arquitectura "
          "distribuid* tolerancia fallos projete arquitetura tolerante progetta* architettura "
          "distribuit* guasti compromessi zaprojektuj rozproszon* architektur* awarii "
          "архитектур* распредел* спроектир* отказ* компромисс* разработай "
          "架构 设计 分布式 一致性 容错 并发 扩容 迁移 設計 分散 一貫性 耐障害 アーキ 설계 분산 일관성 아키텍처"},
    Words{Feature::kProof,
          "prove proof disprove derive derivation theorem lemma corollary induction converge* "
          "convergence rigorous rigorously axiom* equilibrium stochastic eigen* asymptotic "
          "complexity optimal optimality counterexample formalise formalize correctness "
          "undecidable decidability first_principles "
          "beweis* herleit* verallgemein* korrektheit komplexität "
          "démontre* prouve* dérive* suite demuestra* deriva inducción dimostra* "
          "докажи докаж* выведи корректность сложность 证明 推导 反例 证据 証明 厳密 導出 증명 유도"},
    Words{Feature::kMaths,
          "solve calculate calculation compute equation equations integral derivative probability "
          "percent matrix extrema maximises maximizes maximum minimum polynomial vector fraction "
          "berechne gleichung* ableitung wahrscheinlich* integral résous équation* calcule "
          "resuelve ecuación calcula risolvi реши вычисли уравнен* вероятност* "
          "概率 方程 计算 求导 確率 方程式 積分 방정식 확률"},
    Words{Feature::kDemands,
          "must ensure exactly without at_least at_most requirement requirements constraint "
          "constraints include including includes each every cover never always avoid under "
          "handle with_tests keep guarantee* "
          "ohne mindestens höchstens jede* muss müssen sans chaque au_moins sin cada debe "
          "senza ogni bez без кажд* 要求 必须 至少 每个 不能 要件 必須 ごとに 포함 반드시"},
    Words{Feature::kSteps,
          "step steps step_by show_your plan schedule phases phase milestones timeline table "
          "weekly tasks dependencies goals itinerary budget rows "
          "schritt* phasen zeitplan plan tabelle rechenweg étape* étapes tableau paso* tabla plano "
          "passaggi шаг* план таблиц* 步骤 计划 表格 計画 手順 段階 단계 계획"},
    Words{Feature::kThorough,
          "comprehensive detailed thorough thoroughly in-depth depth robust production "
          "strongest systematic systematically quantify quantitatively discuss substantiate "
          "ausführlich umfassend kritisch detailliert détaille* approfondi* critique "
          "exhaustiv* críticamente detalla* dettagli* подробно критически "
          "详细 全面 批判 深入 讨论 詳しく 詳細 자세히"},
    Words{Feature::kExpert,
          "hypothesis hypotheses experiment causal confound* statistical bayesian posterior "
          "liability gdpr regulatory compliance compliant clinical evidence dosing contract clause "
          "clauses arbitrage stakeholders welfare relativistic lagrangian numerically heuristic* "
          "vulnerabilities exploit memory_ordering unification transformer* "
          "haftung vertrag gutachten beweiskraft rgpd dsgvo hypothes* méthodolog* contrat "
          "metodológic* evidencia contrato гипотез* договор* 假设 实验 统计 合规 仮説 統計 가설"},
};
// clang-format on

}  // namespace tollgate
