package org.hazel.wallet

/** A read-only NFC Forum type 4 tag, command by command: one file that says where the message is, one that holds it. */
internal class Type4Tag(message: ByteArray?) {
    private val content = message?.takeIf { it.size <= MOST }?.let { size(it.size) + it }
    private var selected: ByteArray? = null

    fun answer(command: ByteArray): ByteArray = when {
        command.size < 4 -> WRONG
        content == null -> NOT_FOUND
        selectsApplication(command) -> DONE
        command[1] == SELECT -> {
            selected = when (file(command)) {
                CAPABILITIES -> capabilities(content.size)
                MESSAGE -> content
                else -> null
            }
            if (selected == null) NOT_FOUND else DONE
        }
        command[1] == READ && command.size >= 5 -> read(byte(command[2]) * 256 + byte(command[3]), byte(command[4]))
        else -> WRONG
    }

    private fun read(from: Int, count: Int): ByteArray {
        val file = selected ?: return NOT_FOUND
        // A length of zero asks for as much as one answer holds.
        val upto = minOf(file.size, from + if (count == 0) 256 else count)
        return if (from > file.size) WRONG else file.copyOfRange(from, upto) + DONE
    }

    private fun file(command: ByteArray): Int = if (command.size >= 7) byte(command[5]) * 256 + byte(command[6]) else 0

    /** Length, version 2.0, longest answer, longest command, then: this file, this long, free to read, not to be written. */
    private fun capabilities(size: Int) =
        byteArrayOf(0, 15, 0x20, 0, 0xf0.toByte(), 0, 0xf0.toByte(), 4, 6) + size(MESSAGE) + size(size) + byteArrayOf(0, 0xff.toByte())

    companion object {
        private const val SELECT = 0xa4.toByte()
        private const val READ = 0xb0.toByte()
        private const val CAPABILITIES = 0xe103
        private const val MESSAGE = 0xe104
        private const val MOST = 0x7ffd
        private val APPLICATION = byteArrayOf(0xd2.toByte(), 0x76, 0, 0, 0x85.toByte(), 1, 1)
        private val DONE = byteArrayOf(0x90.toByte(), 0)
        private val NOT_FOUND = byteArrayOf(0x6a, 0x82.toByte())
        private val WRONG = byteArrayOf(0x6d, 0)

        fun selectsApplication(command: ByteArray): Boolean =
            command.size >= 12 && command[1] == SELECT && command[2] == 4.toByte() &&
                command.copyOfRange(5, 12).contentEquals(APPLICATION)

        private fun byte(it: Byte): Int = it.toInt() and 0xff

        private fun size(it: Int) = byteArrayOf((it shr 8).toByte(), it.toByte())
    }
}
