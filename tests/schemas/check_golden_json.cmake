# SPDX-License-Identifier: Apache-2.0
# cmake -DFLATC= -DSCHEMAS= -DSCHEMA= -DROOT= -DBUFFER= -DOUT= -P: the golden buffer, decoded by the FlatBuffers
# compiler, is the golden JSON beside it.
execute_process(
  COMMAND ${FLATC} --json --strict-json --raw-binary --root-type tocsin.schemas.${ROOT} -I ${SCHEMAS} -o ${OUT}
    ${SCHEMAS}/${SCHEMA}.fbs -- ${SCHEMAS}/golden/${BUFFER}.bin
  COMMAND_ERROR_IS_FATAL ANY)
file(READ ${OUT}/${BUFFER}.json actual)
file(READ ${SCHEMAS}/golden/${BUFFER}.json expected)
if(NOT actual STREQUAL expected)
  message(FATAL_ERROR "${BUFFER}.bin says\n${actual}\nbut ${BUFFER}.json says\n${expected}")
endif()
