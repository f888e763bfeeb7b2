BEGIN TRANSACTION;
CREATE TABLE about (
	format INTEGER NOT NULL, 
	PRIMARY KEY (format)
);
INSERT INTO "about" VALUES(1);
CREATE TABLE amendments (
	id INTEGER NOT NULL, 
	scene VARCHAR NOT NULL, 
	shot VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	vals TEXT NOT NULL, 
	take INTEGER, 
	run INTEGER, 
	created_at FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(take) REFERENCES takes (id), 
	FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "amendments" VALUES(1,'night-train','mara-waits','reroll','colour drifted','{"phrases":[]}',2,1,1790000024.0);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	name VARCHAR NOT NULL, 
	take INTEGER, 
	run INTEGER, 
	facts TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(take) REFERENCES takes (id), 
	FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "events" VALUES(1,1790000002.0,'run.begun',NULL,1,'{}');
INSERT INTO "events" VALUES(2,1790000004.0,'take.intended',1,1,'{}');
INSERT INTO "events" VALUES(3,1790000006.0,'take.submitted',1,NULL,'{"request_id":"req-1"}');
INSERT INTO "events" VALUES(4,1790000008.0,'take.answered',1,NULL,'{}');
INSERT INTO "events" VALUES(5,1790000010.0,'take.fetched',1,NULL,'{"sha256":"1111111111111111111111111111111111111111111111111111111111111111"}');
INSERT INTO "events" VALUES(6,1790000011.0,'take.reviewed',1,NULL,'{"score":null,"verdict":"good"}');
INSERT INTO "events" VALUES(7,1790000012.0,'take.circled',1,NULL,'{}');
INSERT INTO "events" VALUES(8,1790000013.0,'take.pinned',1,NULL,'{}');
INSERT INTO "events" VALUES(9,1790000015.0,'take.intended',2,1,'{}');
INSERT INTO "events" VALUES(10,1790000017.0,'take.submitted',2,NULL,'{"request_id":"req-2"}');
INSERT INTO "events" VALUES(11,1790000019.0,'take.answered',2,NULL,'{}');
INSERT INTO "events" VALUES(12,1790000021.0,'take.fetched',2,NULL,'{"sha256":"2222222222222222222222222222222222222222222222222222222222222222"}');
INSERT INTO "events" VALUES(13,1790000022.0,'take.reviewed',2,NULL,'{"score":null,"verdict":"drifted"}');
INSERT INTO "events" VALUES(14,1790000023.0,'take.rejected',2,NULL,'{"reason":"colour drifted"}');
INSERT INTO "events" VALUES(15,1790000025.0,'shot.amended',2,1,'{"kind":"reroll","shot":"mara-waits"}');
INSERT INTO "events" VALUES(16,1790000027.0,'take.intended',3,1,'{}');
INSERT INTO "events" VALUES(17,1790000029.0,'take.submitted',3,NULL,'{"request_id":"req-3"}');
INSERT INTO "events" VALUES(18,1790000031.0,'take.answered',3,NULL,'{}');
INSERT INTO "events" VALUES(19,1790000033.0,'take.fetched',3,NULL,'{"sha256":"3333333333333333333333333333333333333333333333333333333333333333"}');
INSERT INTO "events" VALUES(20,1790000034.0,'take.reviewed',3,NULL,'{"score":null,"verdict":"good"}');
INSERT INTO "events" VALUES(21,1790000035.0,'take.circled',3,NULL,'{}');
INSERT INTO "events" VALUES(22,1790000037.0,'take.intended',4,1,'{}');
INSERT INTO "events" VALUES(23,1790000039.0,'take.submitted',4,NULL,'{"request_id":"req-owed"}');
INSERT INTO "events" VALUES(24,1790000041.0,'take.intended',5,1,'{}');
INSERT INTO "events" VALUES(25,1790000042.0,'take.unknown',5,NULL,'{"kind":"submit-uncertain"}');
INSERT INTO "events" VALUES(26,1790000044.0,'take.intended',6,1,'{}');
INSERT INTO "events" VALUES(27,1790000045.0,'take.refused',6,NULL,'{"kind":"refused"}');
INSERT INTO "events" VALUES(28,1790000047.0,'take.intended',7,1,'{}');
INSERT INTO "events" VALUES(29,1790000049.0,'take.submitted',7,NULL,'{"request_id":"req-7"}');
INSERT INTO "events" VALUES(30,1790000051.0,'take.answered',7,NULL,'{}');
INSERT INTO "events" VALUES(31,1790000053.0,'take.fetched',7,NULL,'{"sha256":"4444444444444444444444444444444444444444444444444444444444444444"}');
INSERT INTO "events" VALUES(32,1790000054.0,'take.reviewed',7,NULL,'{"score":null,"verdict":"good"}');
INSERT INTO "events" VALUES(33,1790000055.0,'take.circled',7,NULL,'{}');
INSERT INTO "events" VALUES(34,1790000059.0,'run.ended',NULL,1,'{}');
CREATE TABLE holds (
	scene VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	host VARCHAR NOT NULL, 
	since FLOAT NOT NULL, 
	released_at FLOAT, 
	PRIMARY KEY (scene)
);
INSERT INTO "holds" VALUES('night-train',1,'machine',1790000000.0,1790000060.0);
CREATE TABLE reels (
	id INTEGER NOT NULL, 
	scene VARCHAR NOT NULL, 
	path TEXT NOT NULL, 
	timeline TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	run INTEGER, 
	created_at FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "reels" VALUES(1,'night-train','night-train.reel.mp4','{"events":[],"title":"Night train"}','{"engine":"fal"}',1,1790000057.0);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	scene VARCHAR NOT NULL, 
	backend VARCHAR NOT NULL, 
	note TEXT, 
	started_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	outcome TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,'night-train','fal','by hand',1790000001.0,1790000058.0,'{"submits":6}');
CREATE TABLE takes (
	id INTEGER NOT NULL, 
	scene VARCHAR NOT NULL, 
	shot VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	setup VARCHAR NOT NULL, 
	parts TEXT NOT NULL, 
	engine VARCHAR NOT NULL, 
	endpoint VARCHAR NOT NULL, 
	seed BIGINT NOT NULL, 
	params TEXT NOT NULL, 
	state VARCHAR NOT NULL, 
	usd_estimate BIGINT NOT NULL, 
	billed INTEGER NOT NULL, 
	usd BIGINT, 
	request_id VARCHAR, 
	status_url TEXT, 
	response_url TEXT, 
	cancel_url TEXT, 
	answer TEXT, 
	sha256 VARCHAR, 
	media VARCHAR, 
	clip TEXT, 
	verdict VARCHAR, 
	score FLOAT, 
	review TEXT, 
	sheet VARCHAR, 
	error TEXT, 
	pinned INTEGER NOT NULL, 
	adopted_from INTEGER, 
	run INTEGER, 
	created_at FLOAT NOT NULL, 
	submitted_at FLOAT, 
	answered_at FLOAT, 
	fetched_at FLOAT, 
	PRIMARY KEY (id), 
	UNIQUE (scene, shot, number), 
	FOREIGN KEY(adopted_from) REFERENCES takes (id), 
	FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "takes" VALUES(1,'night-train','platform',1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA','{"endpoint":"fal-ai/ltxv","inputs":{},"params":{"prompt":"platform, rain – “night”","seed":7}}','fal','fal-ai/ltxv-13b-098-distilled',7,'{"prompt":"platform, rain – “night”","seed":7}','circled',1008,1,1008,'req-1','https://queue.fal.run/fal-ai/ltxv/requests/req-1/status','https://queue.fal.run/fal-ai/ltxv/requests/req-1','https://queue.fal.run/fal-ai/ltxv/requests/req-1/cancel','{"video":{"url":"https://v3.fal.media/x.mp4"}}','1111111111111111111111111111111111111111111111111111111111111111','media/11/1111111111111111111111111111111111111111111111111111111111111111.mp4',NULL,'good',NULL,'{"clip":null,"measures":{},"overlap":null,"overlap_frames":null,"reasons":[],"score":null,"verdict":"good","warnings":[]}',NULL,NULL,1,NULL,1,1790000003.0,1790000005.0,1790000007.0,1790000009.0);
INSERT INTO "takes" VALUES(2,'night-train','mara-waits',1,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB','{"endpoint":"fal-ai/ltxv","inputs":{},"params":{"prompt":"mara-waits, rain – “night”","seed":7}}','fal','fal-ai/ltxv-13b-098-distilled',7,'{"prompt":"mara-waits, rain – “night”","seed":7}','rejected',1008,1,1008,'req-2','https://queue.fal.run/fal-ai/ltxv/requests/req-2/status','https://queue.fal.run/fal-ai/ltxv/requests/req-2','https://queue.fal.run/fal-ai/ltxv/requests/req-2/cancel','{"video":{"url":"https://v3.fal.media/x.mp4"}}','2222222222222222222222222222222222222222222222222222222222222222','media/22/2222222222222222222222222222222222222222222222222222222222222222.mp4',NULL,'drifted',NULL,'{"clip":null,"measures":{},"overlap":null,"overlap_frames":null,"reasons":["colour"],"score":null,"verdict":"drifted","warnings":[]}',NULL,NULL,0,NULL,1,1790000014.0,1790000016.0,1790000018.0,1790000020.0);
INSERT INTO "takes" VALUES(3,'night-train','mara-waits',2,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB','{"endpoint":"fal-ai/ltxv","inputs":{},"params":{"prompt":"mara-waits, rain – “night”","seed":8}}','fal','fal-ai/ltxv-13b-098-distilled',8,'{"prompt":"mara-waits, rain – “night”","seed":8}','circled',1008,1,1008,'req-3','https://queue.fal.run/fal-ai/ltxv/requests/req-3/status','https://queue.fal.run/fal-ai/ltxv/requests/req-3','https://queue.fal.run/fal-ai/ltxv/requests/req-3/cancel','{"video":{"url":"https://v3.fal.media/x.mp4"}}','3333333333333333333333333333333333333333333333333333333333333333','media/33/3333333333333333333333333333333333333333333333333333333333333333.mp4',NULL,'good',NULL,'{"clip":null,"measures":{},"overlap":null,"overlap_frames":null,"reasons":[],"score":null,"verdict":"good","warnings":[]}',NULL,NULL,0,NULL,1,1790000026.0,1790000028.0,1790000030.0,1790000032.0);
INSERT INTO "takes" VALUES(4,'night-train','mara-listens',1,'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD','{"endpoint":"fal-ai/ltxv","inputs":{},"params":{"prompt":"mara-listens, rain – “night”","seed":7}}','fal','fal-ai/ltxv-13b-098-distilled',7,'{"prompt":"mara-listens, rain – “night”","seed":7}','submitted',1008,1,NULL,'req-owed','https://queue.fal.run/fal-ai/ltxv/requests/req-owed/status','https://queue.fal.run/fal-ai/ltxv/requests/req-owed','https://queue.fal.run/fal-ai/ltxv/requests/req-owed/cancel',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,1,1790000036.0,1790000038.0,NULL,NULL);
INSERT INTO "takes" VALUES(5,'night-train','mara-turns',1,'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE','{"endpoint":"fal-ai/ltxv","inputs":{},"params":{"prompt":"mara-turns, rain – “night”","seed":7}}','fal','fal-ai/ltxv-13b-098-distilled',7,'{"prompt":"mara-turns, rain – “night”","seed":7}','unknown',1008,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"kind":"submit-uncertain","message":"no answer","next":"resolve"}',0,NULL,1,1790000040.0,NULL,NULL,NULL);
INSERT INTO "takes" VALUES(6,'night-train','rain',1,'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC','{"endpoint":"fal-ai/ltxv","inputs":{},"params":{"prompt":"rain, rain – “night”","seed":7}}','fal','fal-ai/ltxv-13b-098-distilled',7,'{"prompt":"rain, rain – “night”","seed":7}','refused',1008,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"kind":"refused","message":"no","next":""}',0,NULL,1,1790000043.0,NULL,NULL,NULL);
INSERT INTO "takes" VALUES(7,'night-train','platform',2,'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF','{"endpoint":"fal-ai/ltxv","inputs":{},"params":{"prompt":"platform, rain – “night”","seed":7}}','animatic','fal-ai/ltxv-13b-098-distilled',7,'{"prompt":"platform, rain – “night”","seed":7}','circled',1008,0,0,'req-7','https://queue.fal.run/fal-ai/ltxv/requests/req-7/status','https://queue.fal.run/fal-ai/ltxv/requests/req-7','https://queue.fal.run/fal-ai/ltxv/requests/req-7/cancel','{"video":{"url":"https://v3.fal.media/x.mp4"}}','4444444444444444444444444444444444444444444444444444444444444444','media/44/4444444444444444444444444444444444444444444444444444444444444444.mp4',NULL,'good',NULL,'{"clip":null,"measures":{},"overlap":null,"overlap_frames":null,"reasons":[],"score":null,"verdict":"good","warnings":[]}',NULL,NULL,0,NULL,1,1790000046.0,1790000048.0,1790000050.0,1790000052.0);
CREATE TABLE uploads (
	id INTEGER NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	engine VARCHAR NOT NULL, 
	url TEXT NOT NULL, 
	expires_at FLOAT, 
	created_at FLOAT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "uploads" VALUES(1,'5555555555555555555555555555555555555555555555555555555555555555','fal','https://v3.fal.media/still.png',NULL,1790000056.0);
CREATE INDEX runs_by_scene ON runs (scene);
CREATE INDEX uploads_by_hash ON uploads (sha256, engine);
CREATE UNIQUE INDEX one_circled_take ON takes (scene, shot, engine) WHERE state = 'circled';
CREATE INDEX takes_by_run ON takes (run);
CREATE INDEX takes_by_key ON takes ("key");
CREATE INDEX reels_by_scene ON reels (scene);
CREATE INDEX events_by_take ON events (take);
CREATE INDEX events_by_run ON events (run);
CREATE INDEX amendments_by_scene ON amendments (scene);
COMMIT;
