package org.hazel.app

/** Makes a backup, sealed with the recovery words, and rehearses it: a backup that was never tried is a hope. */
class BackupScreen(hall: Hall) : Screen(hall) {
    private var words = ""
    private var made: ByteArray? = null
    private val done = mutableListOf<Said>()

    override fun compose() = Sheet(Text("backup"), buildList {
        add(Note(Text("backup_about")))
        add(Field("words", Text("your_words"), words, Kind.WORDS) { words = it; draw() })
        val isOn = words.isNotBlank()
        add(Button(Text("backup_now"), isMain = made == null, isOn = isOn, does = trying(::backup)))
        add(Button(Text("rehearse"), isMain = made != null, isOn = isOn, does = trying(::rehearse)))
        done.forEach { add(Note(it)) }
    })

    private suspend fun backup() {
        val bytes = hall.wallet.run { backup(words) }
        done.clear()
        if (hall.phone.keep("wallet.hazel-backup", bytes)) {
            made = bytes
            done.add(Text("backup_kept"))
        } else {
            done.add(Text("not_kept"))
        }
    }

    /** From the file that was kept, read again: that it can be found is part of the rehearsal. */
    private suspend fun rehearse() {
        val bytes = hall.phone.pick() ?: return
        val found = hall.wallet.run { rehearse(words, bytes) }
        done.clear()
        done.add(Text("rehearsed", listOf(Count("n_tallies", found.tallies), Count("n_chits", found.chits), Plain(hall.phone.day(found.made)))))
        if (found.newer > 0uL) done.add(Count("rehearsed_newer", found.newer))
        words = ""
    }
}
