# Needs: predictions/{model}/{cell_line}.bigWig and .narrowPeak, the models, the genome, the bigWigs.
# Makes: nothing yet; see the targets below.
