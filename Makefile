# Daily work.  Everything is built below build/; nothing is installed.
#
#   make            the nginx module, the commands, the unit tests' library
#   make test       everything that ci/test runs    (SANITIZE=1: ASan and UBSan)
#   make unit       unit tests of the pure layers
#   make soak       tests at random, the long form; SOAK_ROUNDS, SOAK_SEED
#   make fuzz       fuzz targets, FUZZ_SECONDS each; -j: side by side
#   make bench      our figures beside the bare references, as ratios
#   make format     clang-format over the tree
#   make clean

SANITIZE     ?=
FUZZ_SECONDS ?= 30
SOAK_ROUNDS  ?= 300
SOAK_SEED    ?=

ifeq ($(SANITIZE),1)
B        := build/sanitize
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
            -fno-omit-frame-pointer -Wno-return-local-addr
else
B        := build/default
SANFLAGS :=
endif

CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Werror
LAYERS   := model signal restconf store mitigators
INCS     := $(addprefix -I,$(LAYERS)) -I$(B)/gen
DEFS     := -D_GNU_SOURCE
ALLFLAGS  = $(CFLAGS) $(WARN) $(SANFLAGS) -fPIC -std=gnu11 $(DEFS) $(INCS) \
            -MMD -MP
LIBS     := -lcoap-3-openssl -lyang -ljansson -lcbor -llmdb -lcurl \
            -lprotobuf-c -lexpat -lssl -lcrypto -lpthread

SRCS     := $(sort $(foreach d,$(LAYERS),$(wildcard $(d)/*.c)))
OBJS     := $(SRCS:%.c=$(B)/%.o)
PROTOS   := $(wildcard mitigators/*.proto)
PBH      := $(PROTOS:mitigators/%.proto=$(B)/gen/%.pb-c.h)
PBO      := $(PROTOS:mitigators/%.proto=$(B)/gen/%.pb-c.o)
LIB      := $(B)/libdots.a

UNITS    := $(sort $(wildcard t/unit/test_*.c))
UNITBIN  := $(UNITS:t/unit/%.c=$(B)/unit/%)
FUZZERS  := $(sort $(wildcard t/fuzz/fuzz_*.c))
FUZZNAME := $(FUZZERS:t/fuzz/%.c=%)
CLIENT   := $(sort $(wildcard client/*.c))
CLIMAIN  := $(B)/client/dots_cli.o
CLILIB   := $(B)/libdotscli.a
ADMIN    := $(sort $(wildcard admin/*.c))
TOOLS    := $(sort $(wildcard t/tools/*.c))
TOOLBIN  := $(TOOLS:t/tools/%.c=$(B)/tools/%)
PRELOADS := $(sort $(wildcard t/fault/preload_*.c))
PRELOAD  := $(PRELOADS:t/fault/%.c=$(B)/tools/%.so)
BENCHES  := $(sort $(wildcard t/bench/bench_*.c t/bench/bare_*.c))
LOADS    := $(sort $(wildcard t/bench/load_*.c))
LOADOBJS := $(LOADS:t/bench/%.c=$(B)/t/bench/%.o)
BENCHBIN := $(BENCHES:t/bench/%.c=$(B)/bench/%)

.PHONY: all lib module client tools unit soak fuzz bench test format clean \
        $(FUZZNAME)
.SECONDARY:

all: lib module client

lib: $(LIB)

$(LIB): $(OBJS) $(PBO)
	rm -f $@ && ar rcs $@ $^

$(OBJS): | $(PBH)

$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h: mitigators/%.proto
	@mkdir -p $(B)/gen
	protoc-c --c_out=$(B)/gen --proto_path=mitigators $<

$(B)/gen/%.pb-c.o: $(B)/gen/%.pb-c.c
	$(CC) $(CFLAGS) $(SANFLAGS) -fPIC -I$(B)/gen -c -o $@ $<

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -c -o $@ $<

# ---- the nginx module: against nginx-dev's configured tree

module: ; ci/build-module $(B)

# ---- the customer's command and the operator's

client: $(B)/dots $(B)/dots-admin

$(CLILIB): $(filter-out $(CLIMAIN),$(CLIENT:%.c=$(B)/%.o))
	rm -f $@ && ar rcs $@ $^

$(B)/dots: $(CLIMAIN) $(CLILIB) $(LIB)
	$(CC) $(CFLAGS) $(SANFLAGS) -o $@ $^ $(LIBS)

$(B)/dots-admin: $(ADMIN:%.c=$(B)/%.o) $(LIB)
	$(CC) $(CFLAGS) $(SANFLAGS) -o $@ $^ $(LIBS)

# ---- tests

tools: $(TOOLBIN) $(PRELOAD)

$(B)/tools/%.so: t/fault/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) $(DEFS) -std=gnu11 -fPIC -shared -o $@ $<

$(B)/tools/%: t/tools/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -o $@ $< $(LIB) $(LIBS)

# the client's objects, too: a test takes from the libraries what it calls

$(B)/unit/%: t/unit/%.c $(CLILIB) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -Iclient -DSOURCE_DIR='"$(CURDIR)"' -o $@ $< $(CLILIB) \
	    $(LIB) -lcmocka $(LIBS)

unit: $(UNITBIN)
	@rc=0; for t in $^; do echo "== $$t"; ./$$t || rc=1; done; exit $$rc

soak: $(B)/unit/test_store_crash module client tools
	DOTS_KILLS=1000 DOTS_DAMAGES=2000 $<
	DOTS_BUILD=$(CURDIR)/$(B) SOAK_ROUNDS=$(SOAK_ROUNDS) \
	    DOTS_SEED=$(SOAK_SEED) prove -v -I t/lib t/dots_faults.t

# libFuzzer is clang's: the whole library again with its instrumentation

FUZZFLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
             -fno-sanitize-recover=undefined -std=gnu11 $(DEFS) \
             $(addprefix -I,$(LAYERS)) -Ibuild/default/gen -MMD -MP
FUZZOBJS  := $(SRCS:%.c=build/fuzz/%.o)

build/fuzz/%.o: %.c | $(PBH)
	@mkdir -p $(@D)
	clang $(FUZZFLAGS) -c -o $@ $<

build/fuzz/libdots.a: $(FUZZOBJS) $(PBO)
	rm -f $@ && ar rcs $@ $^

build/fuzz/fuzz_%: t/fuzz/fuzz_%.c build/fuzz/libdots.a
	clang $(FUZZFLAGS) -fsanitize=fuzzer -DSOURCE_DIR='"$(CURDIR)"' -o $@ $< \
	    build/fuzz/libdots.a $(LIBS)

fuzz: $(FUZZNAME)

# one line of each, and all that it has said where it fails
$(FUZZNAME): %: build/fuzz/%
	@c=build/fuzz/corpus/$@; s=t/fuzz/corpus/$@; [ -d $$s ] || s=; \
	mkdir -p $$c; \
	./$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
	    -artifact_prefix=build/fuzz/ -print_final_stats=1 -verbosity=0 \
	    $$c $$s >$<.log 2>&1 && ! grep -q SUMMARY $<.log \
	    && n=$$(grep -o 'executed_units: *[0-9]*' $<.log) \
	    && echo "ok: $@, $${n##* } inputs" \
	    || { cat $<.log; exit 1; }

$(B)/bench/%: t/bench/%.c $(LOADOBJS) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -o $@ $< $(LOADOBJS) $(LIB) $(LIBS)

bench: module tools $(BENCHBIN)
	t/bench/run $(B)

test:
	SANITIZE=$(SANITIZE) ci/test

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build

-include $(OBJS:.o=.d) $(CLIENT:%.c=$(B)/%.d) $(ADMIN:%.c=$(B)/%.d) $(UNITBIN:=.d) $(TOOLBIN:=.d)
-include $(FUZZOBJS:.o=.d) $(LOADOBJS:.o=.d) $(BENCHBIN:=.d)
