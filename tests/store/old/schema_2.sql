BEGIN TRANSACTION;
CREATE TABLE about (
	name VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "about" VALUES('schema','2');
CREATE TABLE cohorts (
	"key" VARCHAR(80) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	data VARCHAR(64) NOT NULL, 
	n INTEGER NOT NULL, 
	study TEXT NOT NULL, 
	sample BOOLEAN NOT NULL, 
	model VARCHAR(80), 
	scores VARCHAR(80), 
	registered VARCHAR(40) NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "cohorts" VALUES('pbc','pbc','c3b9099394dbdd93',418,'[study]
name = "pbc"
identifier = "id"
title = {en = "Primary biliary cholangitis, Mayo Clinic", zh = "原发性胆汁性胆管炎（梅奥诊所）"}
description = {en = "Patients with primary biliary cholangitis referred to Mayo Clinic in 1974-1984: histologic stage, ascites, oedema, death or transplant; 312 of them were randomised to D-penicillamine or placebo.", zh = "1974–1984年转诊至梅奥诊所的原发性胆汁性胆管炎（PBC）患者：组织学分期、腹水、水肿、死亡或肝移植；其中312例随机分配至D-青霉胺组或安慰剂组。"}
intended_use = {en = "Research and education in multi-task prediction for adults with primary biliary cholangitis.", zh = "用于成人原发性胆汁性胆管炎多任务预测的研究与教学。"}
not_for = {en = "Not for treatment decisions today: patients were followed before ursodeoxycholic acid, and transplantation was rare. Not for children or other liver disease.", zh = "不用于当前的治疗决策：患者随访于熊去氧胆酸问世之前，且当时肝移植少见。不适用于儿童或其他肝病。"}
licence = "LGPL-2.0-or-later (R package survival)"
source = "R package survival, data set pbc"
citation = "Therneau TM, Grambsch PM. Modeling Survival Data: Extending the Cox Model. Springer, 2000."

[[stage]]
name = "presentation"
label = {en = "Presentation", zh = "初诊"}

[[stage]]
name = "laboratory"
label = {en = "Laboratory", zh = "实验室检查"}

[[stage]]
name = "biopsy"
label = {en = "Liver biopsy", zh = "肝活检"}

[[stage]]
name = "treatment"
label = {en = "Treatment", zh = "治疗"}

[[stage]]
name = "follow_up"
label = {en = "Follow-up", zh = "随访"}

[[feature]]
name = "age"
kind = "numeric"
stage = "presentation"
label = {en = "Age", zh = "年龄"}
unit = {en = "years", zh = "岁"}
valid = [18, 100]
typical = [33, 70]
decimals = 0

[[feature]]
name = "sex"
kind = "categorical"
stage = "presentation"
label = {en = "Sex", zh = "性别"}
levels = [
    {value = "f", label = {en = "female", zh = "女"}},
    {value = "m", label = {en = "male", zh = "男"}},
]

[[feature]]
name = "ascites"
kind = "boolean"
stage = "presentation"
label = {en = "Ascites", zh = "腹水"}

[[feature]]
name = "hepato"
kind = "boolean"
stage = "presentation"
label = {en = "Hepatomegaly", zh = "肝肿大"}

[[feature]]
name = "spiders"
kind = "boolean"
stage = "presentation"
label = {en = "Spider naevi", zh = "蜘蛛痣"}

[[feature]]
name = "edema"
kind = "ordinal"
stage = "presentation"
label = {en = "Oedema", zh = "水肿"}
levels = [
    {value = 0, label = {en = "none", zh = "无水肿"}},
    {value = 0.5, label = {en = "untreated, or resolved by diuretics", zh = "未用利尿剂或利尿剂治疗后消退"}},
    {value = 1, label = {en = "despite diuretics", zh = "利尿剂治疗后仍存在"}},
]

[[feature]]
name = "bili"
kind = "numeric"
stage = "laboratory"
label = {en = "Bilirubin", zh = "总胆红素"}
unit = "mg/dL"
valid = [0.1, 60]
typical = [0.4, 17.3]
decimals = 1

[[feature]]
name = "chol"
kind = "numeric"
stage = "laboratory"
label = {en = "Cholesterol", zh = "总胆固醇"}
unit = "mg/dL"
valid = [50, 3000]
typical = [174, 1086]
decimals = 0

[[feature]]
name = "albumin"
kind = "numeric"
stage = "laboratory"
label = {en = "Albumin", zh = "白蛋白"}
unit = "g/dL"
valid = [1, 6]
typical = [2.5, 4.2]
decimals = 2

[[feature]]
name = "copper"
kind = "numeric"
stage = "laboratory"
label = {en = "Urine copper", zh = "24小时尿铜"}
unit = {en = "µg/day", zh = "µg/24h"}
valid = [0, 1500]
typical = [13, 295]
decimals = 0

[[feature]]
name = "alk_phos"
kind = "numeric"
stage = "laboratory"
label = {en = "Alkaline phosphatase", zh = "碱性磷酸酶（ALP）"}
unit = "U/L"
valid = [10, 30000]
typical = [505, 9262]
decimals = 0

[[feature]]
name = "ast"
kind = "numeric"
stage = "laboratory"
label = {en = "Aspartate aminotransferase", zh = "天门冬氨酸氨基转移酶（AST）"}
unit = "U/mL"
valid = [5, 2000]
typical = [50, 245]
decimals = 0

[[feature]]
name = "trig"
kind = "numeric"
stage = "laboratory"
label = {en = "Triglycerides", zh = "甘油三酯"}
unit = "mg/dL"
valid = [10, 3000]
typical = [52, 280]
decimals = 0

[[feature]]
name = "platelet"
kind = "numeric"
stage = "laboratory"
label = {en = "Platelets", zh = "血小板计数"}
unit = "10⁹/L"
valid = [5, 1500]
typical = [95, 470]
decimals = 0

[[feature]]
name = "protime"
kind = "numeric"
stage = "laboratory"
label = {en = "Prothrombin time", zh = "凝血酶原时间（PT）"}
unit = {en = "seconds", zh = "秒"}
valid = [7, 60]
typical = [9.5, 13.2]
decimals = 1

[[feature]]
name = "stage"
kind = "ordinal"
stage = "biopsy"
label = {en = "Histologic stage", zh = "组织学分期"}
levels = [
    {value = 1, label = {en = "stage 1", zh = "1期"}},
    {value = 2, label = {en = "stage 2", zh = "2期"}},
    {value = 3, label = {en = "stage 3", zh = "3期"}},
    {value = 4, label = {en = "stage 4 (cirrhosis)", zh = "4期（肝硬化）"}},
]

[[task]]
name = "ascites"
kind = "binary"
role = "diagnosis"
stage = "laboratory"
label = {en = "Ascites", zh = "腹水"}
target = "ascites"
event_label = {en = "ascites present", zh = "存在腹水"}
cutoffs = [0.1, 0.5]
excludes = ["edema"]

[[task]]
name = "oedema"
kind = "multiclass"
role = "diagnosis"
stage = "laboratory"
label = {en = "Oedema", zh = "水肿"}
target = "edema"
classes = [
    {value = 0, label = {en = "none", zh = "无水肿"}},
    {value = 0.5, label = {en = "untreated, or resolved by diuretics", zh = "未用利尿剂或利尿剂治疗后消退"}},
    {value = 1, label = {en = "despite diuretics", zh = "利尿剂治疗后仍存在"}},
]
excludes = ["ascites"]

[[task]]
name = "histologic_stage"
kind = "multiclass"
role = "diagnosis"
stage = "biopsy"
label = {en = "Histologic stage", zh = "组织学分期"}
target = "stage"
classes = [
    {value = 1, label = {en = "stage 1", zh = "1期"}},
    {value = 2, label = {en = "stage 2", zh = "2期"}},
    {value = 3, label = {en = "stage 3", zh = "3期"}},
    {value = 4, label = {en = "stage 4 (cirrhosis)", zh = "4期（肝硬化）"}},
]

[[task]]
name = "penicillamine"
kind = "binary"
role = "treatment"
stage = "treatment"
label = {en = "D-penicillamine", zh = "D-青霉胺"}
target = "trt == 1"
event_label = {en = "randomised to D-penicillamine", zh = "随机分配至D-青霉胺组"}
cutoffs = [0.5]
description = {en = "Decided by lot: an honest model finds nothing here. Unknown for patients outside the trial.", zh = "由随机分配决定：诚实的模型在此应无预测能力。试验外患者未知。"}

[[task]]
name = "death_or_transplant"
kind = "survival"
role = "prognosis"
stage = "treatment"
label = {en = "Death or transplant", zh = "死亡或肝移植"}
time = "time"
event = "status > 0"
time_unit = "days"
event_label = {en = "death or liver transplant", zh = "死亡或肝移植"}
horizons = [1, 3, 5, 10]
cutoffs = [0.1, 0.3, 0.5]

[[treatment]]
column = "trt"
label = {en = "D-penicillamine", zh = "D-青霉胺"}
task = "penicillamine"
levels = [
    {value = 1, label = {en = "D-penicillamine", zh = "D-青霉胺"}},
    {value = 2, label = {en = "placebo", zh = "安慰剂"}},
]

[[treatment.trial]]
name = "Mayo Clinic trial"
outcome = {en = "death or liver transplant", zh = "死亡或肝移植"}
applies = "true"
population = {en = "312 adults with primary biliary cholangitis at Mayo Clinic, 1974-1984. The trial showed no benefit.", zh = "1974–1984年梅奥诊所312例成人原发性胆汁性胆管炎患者。试验未显示获益。"}
citation = "Dickson ER, Fleming TR, Wiesner RH, et al. Trial of penicillamine in advanced primary biliary cirrhosis. N Engl J Med 1985;312:1011-1015, which reports the 227 with advanced histology. The hazard ratio is not the paper''s: it was computed by sample_data/make.py from the 312 randomised patients (unadjusted Cox, death or transplant)."
tasks = ["death_or_transplant"]
url = "https://doi.org/10.1056/NEJM198504183121602"
harms = [
    {en = "Rash, loss of taste, stomatitis, gastrointestinal complaints", zh = "皮疹、味觉减退、口腔炎、胃肠道不适"},
    {en = "Proteinuria and nephrotic syndrome", zh = "蛋白尿与肾病综合征"},
    {en = "Leucopenia and thrombocytopenia", zh = "白细胞减少与血小板减少"},
]

[[treatment.trial.hazard_ratio]]
value = 1.06
low = 0.76
high = 1.47
',1,NULL,NULL,'2026-11-28T01:23:50.961+00:00');
CREATE TABLE jobs (
	"key" VARCHAR(40) NOT NULL, 
	number INTEGER NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	topic VARCHAR(200), 
	payload TEXT NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	stage VARCHAR(200) NOT NULL, 
	share FLOAT NOT NULL, 
	error TEXT, 
	cancel BOOLEAN NOT NULL, 
	attempts INTEGER NOT NULL, 
	created VARCHAR(40) NOT NULL, 
	changed VARCHAR(40) NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (number)
);
INSERT INTO "jobs" VALUES('z2fztv7chn7ut6un',1,'prepare_sample','sample:pbc','{"name": "pbc"}','done','',1.0,NULL,0,1,'2026-11-28T01:23:50.986+00:00','2026-11-28T01:23:50.994+00:00');
INSERT INTO "jobs" VALUES('awr65qgi3w5rjwha',2,'prepare_sample','sample:gbsg','{"name": "gbsg"}','waiting','',0.0,NULL,0,0,'2026-11-28T01:23:50.995+00:00','2026-11-28T01:23:50.995+00:00');
CREATE TABLE models (
	"key" VARCHAR(80) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	version VARCHAR(40) NOT NULL, 
	cohort VARCHAR(80), 
	data VARCHAR(64), 
	effort VARCHAR(20) NOT NULL, 
	n_training INTEGER NOT NULL, 
	tasks TEXT NOT NULL, 
	left_out TEXT NOT NULL, 
	folds INTEGER NOT NULL, 
	trained VARCHAR(40) NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "models" VALUES('pbc-0123456789abcdef','pbc','0123456789ab','pbc','dddddddddddddddd','quick',418,'["death"]','{}',5,'2026-11-28T01:23:50.995+00:00');
CREATE TABLE private_cases (
	"key" VARCHAR(40) NOT NULL, 
	owner VARCHAR(200) NOT NULL, 
	cohort VARCHAR(80) NOT NULL, 
	identifier VARCHAR(200) NOT NULL, 
	data TEXT NOT NULL, 
	created VARCHAR(40) NOT NULL, 
	changed VARCHAR(40) NOT NULL, 
	PRIMARY KEY ("key"), 
	UNIQUE (owner, cohort, identifier)
);
INSERT INTO "private_cases" VALUES('ea5w5lixnew6hgu4snlp','ada','pbc','bed 4 · 王','{"age": 51.5, "sex": "f"}','2026-11-28T01:23:51.045+00:00','2026-11-28T01:23:51.045+00:00');
CREATE TABLE records (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" VARCHAR(40) NOT NULL, 
	time VARCHAR(40) NOT NULL, 
	user VARCHAR(200) NOT NULL, 
	case_key VARCHAR(40) NOT NULL, 
	cohort VARCHAR(80) NOT NULL, 
	task VARCHAR(200), 
	model VARCHAR(80) NOT NULL, 
	version VARCHAR(40) NOT NULL, 
	inputs VARCHAR(80) NOT NULL, 
	decision VARCHAR(20) NOT NULL, 
	own TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	note TEXT NOT NULL, 
	shown TEXT NOT NULL, 
	warnings TEXT NOT NULL, 
	corrects VARCHAR(40), 
	UNIQUE ("key")
);
INSERT INTO "records" VALUES(1,'aaaaaaaaaaaaaaaaaaaa','2026-11-28T01:23:51.047+00:00','ada','kkkkkkkkkkkkkkkkkkkk','pbc',NULL,'pbc-0123456789abcdef','0123456789ab','iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii','agree','{"death": {"horizon": 5.0, "value": 0.3}}','','','{"death@5y": "31 %"}','[{"code": "out_of_range", "feature": "bili"}]',NULL);
INSERT INTO "records" VALUES(2,'bbbbbbbbbbbbbbbbbbbb','2026-11-28T01:23:51.047+00:00','ada','kkkkkkkkkkkkkkkkkkkk','pbc','death','pbc-0123456789abcdef','0123456789ab','iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii','override','{"death": {"horizon": 5.0, "value": 0.3}}','Transplant is planned; it''s "sure"','','{"death@5y": "31 %"}','[{"code": "out_of_range", "feature": "bili"}]','aaaaaaaaaaaaaaaaaaaa');
CREATE TABLE settings (
	user VARCHAR(200) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (user, name)
);
INSERT INTO "settings" VALUES('ada','own_estimate','true');
CREATE UNIQUE INDEX jobs_topic ON jobs (topic) WHERE state IN ('waiting', 'running');
CREATE INDEX ix_records_case_key ON records (case_key);
CREATE TRIGGER records_no_update BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'a signed record cannot be changed; sign a correction'); END;
CREATE TRIGGER records_no_delete BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'a signed record cannot be changed; sign a correction'); END;
CREATE TRIGGER records_no_replace BEFORE INSERT ON records WHEN EXISTS (SELECT 1 FROM records WHERE number = NEW.number OR key = NEW.key) BEGIN SELECT RAISE(ABORT, 'a signed record cannot be changed; sign a correction'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('records',2);
COMMIT;
